//! The `smime` program: everything it does is in [`cli`] and, for many messages, in [`batch`]; everything it can do is in the library.
mod batch;
mod cli;

/// The heap, where it is not the C library's (`Cargo.toml` says why).
#[cfg(all(target_env = "musl", feature = "mimalloc"))]
#[global_allocator]
static HEAP: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::run(batch::run)
}
