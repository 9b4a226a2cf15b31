//! The operations on messages (RFC 8551), one file each; they share `layer`, which knows what an entity means.
pub mod report;
pub mod source;
pub use report::Report;
pub use source::Source;
