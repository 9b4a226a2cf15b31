//! The second engine for mathematics, AWS-LC (feature `aws-lc`), and the seam to it. The first one is the RustCrypto crates, which do everything.
//!
//! Every function here answers `None` where the work is not the engine's, always for reasons that are public (the algorithm, its parameters, the
//! size of a key, how the program was built), and its caller then does it with RustCrypto. Where both can, both give the same verdict, and the same
//! octets unless chance is part of the algorithm. What chance AWS-LC needs (nonces of ECDSA, salts of PSS, seeds of OAEP, blinding) it takes from
//! its own generator, which the kernel seeds, and not from the caller's.
//!
//! RSA PKCS#1 v1.5 decryption is not here: AWS-LC answers bad padding with an error, the `rsa` crate with a made-up message (SECURITY.md).
#[cfg(feature = "aws-lc")]
mod aws_lc;
#[cfg(feature = "aws-lc")]
pub(super) use aws_lc::*;

#[cfg(not(feature = "aws-lc"))]
mod absent;
#[cfg(not(feature = "aws-lc"))]
pub(super) use absent::*;

/// Works on octets in place.
pub(super) type InPlace = Box<dyn FnMut(&mut [u8]) -> super::Result<()> + Send>;
/// A block of AES.
pub(super) type Block = [u8; 16];
