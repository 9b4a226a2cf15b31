//! The `smime` program: everything it does is in [`cli`] and, for many messages, in [`batch`]; everything it can do is in the library.
mod batch;
mod cli;

fn main() -> std::process::ExitCode {
    cli::run(batch::run)
}
