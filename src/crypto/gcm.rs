//! GCM of a stream (NIST SP 800-38D §7): AES in counter mode and GHASH, joined so that the additional data may come last.
//!
//! Knows nothing of CMS. Its caller compares tags.
use super::{
    ContentCipher, Error, Result, Secret,
    engine::{self, Block},
};
use aes::{Aes128, Aes192, Aes256};
use ctr::cipher::{
    BlockCipherEncrypt, BlockSizeUser, InnerIvInit, KeyInit, StreamCipher, StreamCipherCoreWrapper,
    StreamCipherError, consts::U16,
};
use ghash::{GHash, universal_hash::UniversalHash};
use zeroize::Zeroizing;

/// The longest plaintext: 2^39-256 bits (NIST SP 800-38D §5.2.1.1).
const LIMIT: u64 = (1 << 36) - 32;
/// How much goes through cipher and GHASH in turn, so that it stays in the cache between them.
const PIECE: usize = 32 << 10;

/// Exclusive-ors the next octets of the key stream into its argument.
type Keystream = Box<dyn FnMut(&mut [u8]) -> std::result::Result<(), StreamCipherError> + Send>;

pub(super) struct Gcm {
    keystream: Keystream,
    ghash: StreamGhash,
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
        let nonce = <[u8; 12]>::try_from(nonce).map_err(|_| Error::Decryption)?;
        let cipher = C::new_from_slice(key.expose()).map_err(|_| Error::Decryption)?;
        let mut hash_key = Zeroizing::new(Block::default());
        cipher.encrypt_block((&mut *hash_key).into());
        // J0 is the nonce and the counter 1; what encrypts begins at 2.
        let mut counter = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        for (octet, nonce) in counter.iter_mut().zip(&nonce) {
            *octet = *nonce;
        }
        let core = ctr::CtrCore::<C, ctr::flavors::Ctr32BE>::inner_iv_init(cipher, &counter.into());
        let mut stream = StreamCipherCoreWrapper::from_core(core);
        let mut keystream: Keystream = Box::new(move |octets| stream.try_apply_keystream(octets));
        let mut mask = Zeroizing::new(Block::default());
        keystream(&mut *mask).map_err(|_| Error::Decryption)?;
        Ok(Self {
            keystream,
            ghash: StreamGhash {
                shares: Shares {
                    engine: engine::Gcm::new(key),
                    nonce,
                    mask,
                    own: GHash::new(&(*hash_key).into()),
                    key: hash_key,
                },
                power: None,
                state: Zeroizing::default(),
                partial: Zeroizing::default(),
                filled: 0,
            },
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
        self.ghash.tag(aad, self.length)
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
///
/// GHASH is a polynomial in H, of which every segment of the octets has a share: its own GHASH, times H to the number of blocks after it. So
/// segments are hashed each for itself, wherever that is quickest, and joined by one multiplication each. What is kept is H times the sum.
struct StreamGhash {
    shares: Shares,
    /// H to a number of blocks: that of the last segment, which most others are as long as
    power: Option<(u64, GHash)>,
    /// tells H to whoever has the octets
    state: Zeroizing<Block>,
    partial: Zeroizing<Block>,
    filled: usize,
}
impl StreamGhash {
    fn update(&mut self, octets: &[u8]) {
        let mut rest = octets;
        if self.filled > 0 {
            let missing = self.partial.len().saturating_sub(self.filled);
            let Some((head, tail)) = octets.split_at_checked(missing) else {
                return self.hold(octets);
            };
            self.hold(head);
            let block = self.partial.clone();
            self.append(&*block);
            self.filled = 0;
            rest = tail;
        }
        let whole = rest.len().saturating_sub(rest.len() % self.partial.len());
        let (blocks, tail) = rest.split_at_checked(whole).unwrap_or((rest, &[]));
        self.append(blocks);
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
    /// Takes in a segment; only the last may end in the middle of a block.
    fn append(&mut self, segment: &[u8]) {
        let blocks = length(segment).div_ceil(16);
        if blocks == 0 {
            return;
        }
        let power = match self.power.take() {
            Some((exponent, power)) if exponent == blocks => power,
            _ => GHash::new(&(*self.shares.power(blocks)).into()),
        };
        let moved = Zeroizing::new(times(&power, &self.state));
        let share = Zeroizing::new(self.shares.of(segment));
        *self.state = xor(&moved, &share);
        self.power = Some((blocks, power));
    }
    /// Returns GHASH(aad padded, ciphertext padded, lengths), masked, `size` being the ciphertext's in octets.
    fn tag(mut self, aad: &[u8], size: u64) -> Block {
        let (block, filled) = (self.partial.clone(), self.filled);
        self.append(block.get(..filled).unwrap_or_default());
        let aad_share = multiply(&self.shares.power(size.div_ceil(16)), &self.shares.of(aad));
        let lengths = self.shares.of_lengths(length(aad), size);
        let hash = xor(&xor(&aad_share, &self.state), &lengths);
        xor(&hash, &self.shares.mask)
    }
}

/// What a segment adds, times H.
struct Shares {
    engine: Option<engine::Gcm>,
    nonce: [u8; 12],
    /// E(K, J0), which hides the GHASH in the tag
    mask: Zeroizing<Block>,
    /// H
    key: Zeroizing<Block>,
    own: GHash,
}
impl Shares {
    /// The engine has no GHASH but tags: that of the segment as additional data of nothing is GHASH(segment, its length), masked. Mask and length are
    /// known and taken off. No tag but the message's leaves this file.
    fn of(&self, segment: &[u8]) -> Block {
        let engine = self.engine.as_ref();
        if let Some(tag) = engine.and_then(|engine| engine.mac(&self.nonce, segment)) {
            let lengths = self.of_lengths(length(segment), 0);
            return xor(&xor(&tag, &self.mask), &lengths);
        }
        let mut state = self.own.clone();
        state.update_padded(segment);
        multiply(&self.key, &state.finalize().into())
    }
    fn of_lengths(&self, aad: u64, ciphertext: u64) -> Block {
        let bits = |octets: u64| octets.saturating_mul(8);
        let lengths = u128::from(bits(aad)) << 64 | u128::from(bits(ciphertext));
        multiply(&self.key, &lengths.to_be_bytes())
    }
    /// Returns H to the power `exponent`, by squaring; the exponent is public.
    fn power(&self, mut exponent: u64) -> Zeroizing<Block> {
        let mut product = Zeroizing::new(ONE);
        let mut square = self.key.clone();
        while exponent > 0 {
            if exponent & 1 == 1 {
                product = Zeroizing::new(multiply(&square, &product));
            }
            square = Zeroizing::new(multiply(&square, &square));
            exponent >>= 1;
        }
        product
    }
}
/// The element 1 of GF(2^128) as GCM writes it (§6.3).
const ONE: Block = [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
/// Returns the product in GF(2^128): GHASH under key `a` of the one block `b`.
fn multiply(a: &Block, b: &Block) -> Block {
    times(&GHash::new(&(*a).into()), b)
}
/// The same with a GHASH under key `a` in its first state.
fn times(a: &GHash, b: &Block) -> Block {
    let mut state = a.clone();
    state.update(&[(*b).into()]);
    state.finalize().into()
}
fn xor(a: &Block, b: &Block) -> Block {
    (u128::from_ne_bytes(*a) ^ u128::from_ne_bytes(*b)).to_ne_bytes()
}
fn length(octets: &[u8]) -> u64 {
    u64::try_from(octets.len()).unwrap_or(u64::MAX)
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
    fn long_chunks_give_what_a_whole_buffer_gives_with_each_engine() {
        let (key, nonce, aad) = ([7; 32], [9; 12], b"attributes");
        let content: Vec<u8> = (0..3 * PIECE + 21)
            .map(|i| u8::try_from(i * i % 251).unwrap())
            .collect();
        let payload = Payload { msg: &content, aad };
        let theirs = aes_gcm::Aes256Gcm::new(&key.into());
        let whole = theirs.encrypt(&nonce.into(), payload).unwrap();
        for size in [PIECE, PIECE - 1, PIECE + 17, 2 * PIECE, content.len()] {
            for without_engine in [false, true] {
                let secret = Secret::new(key.to_vec());
                let mut gcm = Gcm::new(ContentCipher::Aes256Gcm, &secret, &nonce).unwrap();
                if without_engine {
                    gcm.ghash.shares.engine = None;
                }
                let mut out = Vec::new();
                for chunk in content.chunks(size) {
                    gcm.encrypt(chunk, &mut out).unwrap();
                }
                out.extend(gcm.tag(aad));
                assert!(out == whole, "{size} {without_engine}");
            }
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
