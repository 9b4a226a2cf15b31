//! GCM of a stream (NIST SP 800-38D §7): AES in counter mode and GHASH, joined so that the additional data may come last.
//!
//! Knows nothing of CMS. Its caller compares tags.
use super::{ContentCipher, Error, Result, Secret};
use aes::{Aes128, Aes192, Aes256};
use ctr::cipher::{
    Array, BlockCipherEncrypt, BlockSizeUser, InnerIvInit, KeyInit, StreamCipher,
    StreamCipherCoreWrapper, StreamCipherError, consts::U16,
};
use ghash::{GHash, universal_hash::UniversalHash};
use zeroize::Zeroizing;

/// The longest plaintext: 2^39-256 bits (NIST SP 800-38D §5.2.1.1).
const LIMIT: u64 = (1 << 36) - 32;
/// How much goes through cipher and GHASH in turn, so that it stays in the cache between them.
const PIECE: usize = 64 << 10;

type Block = [u8; 16];
/// Exclusive-ors the next octets of the key stream into its argument.
type Keystream = Box<dyn FnMut(&mut [u8]) -> std::result::Result<(), StreamCipherError> + Send>;

pub(super) struct Gcm {
    keystream: Keystream,
    ghash: StreamGhash,
    /// E(K, J0), which hides the GHASH in the tag
    mask: Zeroizing<Block>,
    length: u64,
}
impl Gcm {
    /// Starts; key and nonce are of the cipher's sizes.
    pub(super) fn new(cipher: ContentCipher, key: &Secret, nonce: &[u8]) -> Result<Self> {
        match cipher {
            ContentCipher::Aes128Gcm => Self::start::<Aes128>(key, nonce),
            ContentCipher::Aes192Gcm => Self::start::<Aes192>(key, nonce),
            ContentCipher::Aes256Gcm => Self::start::<Aes256>(key, nonce),
            _ => Err(Error::Unsupported(cipher.name().to_owned())),
        }
    }
    fn start<C>(key: &Secret, nonce: &[u8]) -> Result<Self>
    where
        C: KeyInit + BlockCipherEncrypt + BlockSizeUser<BlockSize = U16> + Send + 'static,
    {
        let cipher = C::new_from_slice(key.expose()).map_err(|_| Error::Decryption)?;
        let mut hash_key = Zeroizing::new(Block::default());
        cipher.encrypt_block((&mut *hash_key).into());
        // J0 is the nonce and the counter 1; what encrypts begins at 2.
        let mut counter = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        for (octet, nonce) in counter.iter_mut().zip(nonce.iter().take(12)) {
            *octet = *nonce;
        }
        let core = ctr::CtrCore::<C, ctr::flavors::Ctr32BE>::inner_iv_init(cipher, &counter.into());
        let mut stream = StreamCipherCoreWrapper::from_core(core);
        let mut keystream: Keystream = Box::new(move |octets| stream.try_apply_keystream(octets));
        let mut mask = Zeroizing::new(Block::default());
        keystream(&mut *mask).map_err(|_| Error::Decryption)?;
        Ok(Self {
            keystream,
            ghash: StreamGhash::new(hash_key),
            mask,
            length: 0,
        })
    }
    /// Appends the ciphertext of `chunk`.
    pub(super) fn encrypt(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> Result<()> {
        self.count(chunk)?;
        for piece in chunk.chunks(PIECE) {
            let ciphertext = self.apply_keystream(piece, out)?;
            self.ghash.update(ciphertext);
        }
        Ok(())
    }
    /// Appends the plaintext of `chunk`.
    pub(super) fn decrypt(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> Result<()> {
        self.count(chunk)?;
        for piece in chunk.chunks(PIECE) {
            self.ghash.update(piece);
            self.apply_keystream(piece, out)?;
        }
        Ok(())
    }
    /// Returns the tag over additional data and all ciphertext.
    pub(super) fn tag(self, aad: &[u8]) -> Block {
        let hash = self.ghash.finish(aad, self.length);
        xor(&hash, &self.mask)
    }
    fn apply_keystream<'o>(&mut self, piece: &[u8], out: &'o mut Vec<u8>) -> Result<&'o [u8]> {
        let start = out.len();
        out.extend_from_slice(piece);
        let octets = out.get_mut(start..).unwrap_or_default();
        (self.keystream)(octets).map_err(|_| Error::Decryption)?;
        Ok(octets)
    }
    fn count(&mut self, chunk: &[u8]) -> Result<()> {
        let added = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        self.length = self.length.saturating_add(added);
        if self.length > LIMIT {
            return Err(Error::Limit {
                what: "length of AES-GCM content",
                found: self.length,
                limit: LIMIT,
            });
        }
        Ok(())
    }
}

/// GHASH (§6.4) of a stream whose additional data is known last.
struct StreamGhash {
    key: Zeroizing<Block>,
    state: GHash,
    partial: Block,
    filled: usize,
}
impl StreamGhash {
    fn new(key: Zeroizing<Block>) -> Self {
        Self {
            state: GHash::new(&(*key).into()),
            key,
            partial: Block::default(),
            filled: 0,
        }
    }
    fn update(&mut self, octets: &[u8]) {
        let mut rest = octets;
        if self.filled > 0 {
            let missing = self.partial.len().saturating_sub(self.filled);
            let Some((head, tail)) = octets.split_at_checked(missing) else {
                return self.hold(octets);
            };
            self.hold(head);
            self.state.update(&[self.partial.into()]);
            self.filled = 0;
            rest = tail;
        }
        let (blocks, tail) = Array::slice_as_chunks(rest);
        self.state.update(blocks);
        self.hold(tail);
    }
    /// Appends octets to the block that is not full; they fit.
    fn hold(&mut self, octets: &[u8]) {
        let free = self.partial.iter_mut().skip(self.filled);
        for (place, octet) in free.zip(octets) {
            *place = *octet;
        }
        self.filled = self.filled.saturating_add(octets.len());
    }
    /// Returns GHASH(aad padded, ciphertext padded, lengths), `length` being the ciphertext's in octets. GHASH is a polynomial in H
    /// and linear in its blocks, so the share of the additional data is its own GHASH times H to the number of ciphertext blocks.
    fn finish(mut self, aad: &[u8], length: u64) -> Block {
        let tail = self.partial.get(..self.filled).unwrap_or_default();
        self.state.update_padded(tail);
        let ciphertext = Block::from(self.state.finalize());
        let mut state = GHash::new(&(*self.key).into());
        state.update_padded(aad);
        let aad_hash = Block::from(state.finalize());
        let aad_share = multiply_by_power(&aad_hash, &self.key, length.div_ceil(16));
        let bits = |octets: u64| octets.saturating_mul(8).to_be_bytes();
        let aad_length = u64::try_from(aad.len()).unwrap_or(u64::MAX);
        let lengths = [bits(aad_length), bits(length)].concat();
        let lengths = <&Block>::try_from(lengths.as_slice())
            .copied()
            .unwrap_or_default();
        multiply(&self.key, &xor(&xor(&aad_share, &ciphertext), &lengths))
    }
}
/// Returns the product in GF(2^128): GHASH under key `a` of the one block `b`.
fn multiply(a: &Block, b: &Block) -> Block {
    let mut state = GHash::new(&(*a).into());
    state.update(&[(*b).into()]);
    state.finalize().into()
}
/// Returns `value` times `base` to the power `exponent`, by squaring; the exponent is public.
fn multiply_by_power(value: &Block, base: &Block, mut exponent: u64) -> Block {
    let mut product = *value;
    let mut square = Zeroizing::new(*base);
    while exponent > 0 {
        if exponent & 1 == 1 {
            product = multiply(&square, &product);
        }
        square = Zeroizing::new(multiply(&square, &square));
        exponent >>= 1;
    }
    product
}
fn xor(a: &Block, b: &Block) -> Block {
    let mut out = *a;
    for (octet, other) in out.iter_mut().zip(b) {
        *octet ^= other;
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use aes_gcm::aead::{Aead, Payload};
    use proptest::prelude::*;

    fn ours(key: &[u8], nonce: &[u8], chunks: &[Vec<u8>], aad: &[u8]) -> (Vec<u8>, Block) {
        let cipher = ContentCipher::Aes256Gcm;
        let mut gcm = Gcm::new(cipher, &Secret::new(key.to_vec()), nonce).unwrap();
        let mut out = Vec::new();
        for chunk in chunks {
            gcm.encrypt(chunk, &mut out).unwrap();
        }
        (out, gcm.tag(aad))
    }

    proptest! {
        #[test]
        fn chunks_and_late_additional_data_give_what_a_whole_buffer_gives(
            key in any::<[u8; 32]>(), nonce in any::<[u8; 12]>(),
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..70), 0..8),
            aad in prop::collection::vec(any::<u8>(), 0..50),
        ) {
            let (ciphertext, tag) = ours(&key, &nonce, &chunks, &aad);
            let theirs = aes_gcm::Aes256Gcm::new(&key.into());
            let payload = Payload { msg: &chunks.concat(), aad: &aad };
            let whole = theirs.encrypt(&nonce.into(), payload).unwrap();
            prop_assert_eq!([ciphertext.as_slice(), &tag].concat(), whole);
            let mut gcm = Gcm::new(ContentCipher::Aes256Gcm, &Secret::new(key.to_vec()), &nonce).unwrap();
            let mut plaintext = Vec::new();
            for piece in ciphertext.chunks(19) {
                gcm.decrypt(piece, &mut plaintext).unwrap();
            }
            prop_assert_eq!(plaintext, chunks.concat());
            prop_assert_eq!(gcm.tag(&aad), tag);
        }
    }

    #[test]
    fn the_length_limit_is_exact() {
        let key = Secret::new(vec![1; 16]);
        let mut gcm = Gcm::new(ContentCipher::Aes128Gcm, &key, &[2; 12]).unwrap();
        gcm.length = LIMIT - 1;
        gcm.encrypt(b"x", &mut Vec::new()).unwrap();
        let mut out = Vec::new();
        match gcm.encrypt(b"x", &mut out).unwrap_err() {
            Error::Limit { found, limit, .. } => assert_eq!(found, limit + 1),
            other => panic!("{other}"),
        }
        assert!(out.is_empty());
    }
}
