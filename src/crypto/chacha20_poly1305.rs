//! ChaCha20-Poly1305 of a stream (RFC 8439 §2.8), Poly1305 reckoned so that the additional data may come last.
//!
//! Knows nothing of CMS. Its caller compares tags.
use super::{Error, Result, Secret};
use chacha20::{
    ChaCha20,
    cipher::{KeyIvInit, StreamCipher},
};
use zeroize::{Zeroize, Zeroizing};

/// The longest plaintext: 2^32-1 blocks of key stream (RFC 8439 §2.8).
const LIMIT: u64 = ((1 << 32) - 1) * 64;
/// How much goes through cipher and Poly1305 in turn, so that it stays in the cache between them.
const PIECE: usize = 64 << 10;

type Block = [u8; 16];

pub(super) struct ChaCha20Poly1305 {
    keystream: ChaCha20,
    hash: StreamPoly1305,
    length: u64,
}
impl ChaCha20Poly1305 {
    /// Starts; key and nonce are 32 and 12 octets.
    pub(super) fn new(key: &Secret, nonce: &[u8]) -> Result<Self> {
        let mut keystream =
            ChaCha20::new_from_slices(key.expose(), nonce).map_err(|_| Error::Decryption)?;
        // Block 0 holds the one-time key of Poly1305 (§2.6); what encrypts begins at block 1.
        let mut first = Zeroizing::new([0; 64]);
        keystream
            .try_apply_keystream(&mut *first)
            .map_err(|_| Error::Decryption)?;
        let (r, rest) = first.split_first_chunk().ok_or(Error::Decryption)?;
        let s = rest.first_chunk().ok_or(Error::Decryption)?;
        Ok(Self {
            keystream,
            hash: StreamPoly1305::new(r, s),
            length: 0,
        })
    }
    /// Appends the ciphertext of `chunk`.
    pub(super) fn encrypt(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> Result<()> {
        self.count(chunk)?;
        for piece in chunk.chunks(PIECE) {
            let start = out.len();
            self.apply_keystream(piece, out)?;
            self.hash.update(out.get(start..).unwrap_or_default());
        }
        Ok(())
    }
    /// Appends the plaintext of `chunk`.
    pub(super) fn decrypt(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> Result<()> {
        self.count(chunk)?;
        for piece in chunk.chunks(PIECE) {
            self.hash.update(piece);
            self.apply_keystream(piece, out)?;
        }
        Ok(())
    }
    /// Returns the tag over additional data and all ciphertext.
    pub(super) fn tag(self, aad: &[u8]) -> Block {
        self.hash.finish(aad, self.length)
    }
    fn apply_keystream(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<()> {
        let start = out.len();
        out.extend_from_slice(piece);
        let octets = out.get_mut(start..).unwrap_or_default();
        self.keystream
            .try_apply_keystream(octets)
            .map_err(|_| Error::Decryption)
    }
    fn count(&mut self, chunk: &[u8]) -> Result<()> {
        let added = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        self.length = self.length.saturating_add(added);
        if self.length > LIMIT {
            return Err(Error::Limit {
                what: "length of ChaCha20-Poly1305 content",
                found: self.length,
                limit: LIMIT,
            });
        }
        Ok(())
    }
}

/// Poly1305 (§2.5) as the AEAD uses it: over the additional data and the ciphertext, each filled up with zeros, and both lengths.
struct StreamPoly1305 {
    r: Element,
    s: Zeroizing<Block>,
    state: Element,
    partial: Block,
    filled: usize,
}
impl StreamPoly1305 {
    fn new(r: &Block, s: &Block) -> Self {
        // §2.5: 22 of its bits are zero
        const CLAMP: u128 = 0x0fff_fffc_0fff_fffc_0fff_fffc_0fff_ffff;
        Self {
            r: Element::of(u128::from_le_bytes(*r) & CLAMP),
            s: Zeroizing::new(*s),
            state: Element::ZERO,
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
            self.state = self.state.with_block(&self.partial, &self.r);
            self.filled = 0;
            rest = tail;
        }
        let (blocks, tail) = rest.as_chunks::<16>();
        for block in blocks {
            self.state = self.state.with_block(block, &self.r);
        }
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
    /// Returns the tag, `length` being the ciphertext's in octets. Poly1305 is a polynomial in r and linear in its blocks, so the share of the
    /// additional data is its own polynomial times r to the number of ciphertext blocks.
    fn finish(mut self, aad: &[u8], length: u64) -> Block {
        if let Some(unused) = self.partial.get_mut(self.filled..)
            && self.filled > 0
        {
            unused.fill(0);
            self.state = self.state.with_block(&self.partial, &self.r);
        }
        let mut aad_state = Element::ZERO;
        for piece in aad.chunks(16) {
            let mut block = Block::default();
            for (place, octet) in block.iter_mut().zip(piece) {
                *place = *octet;
            }
            aad_state = aad_state.with_block(&block, &self.r);
        }
        let aad_share = aad_state.times(&self.r.to_the(length.div_ceil(16)));
        let aad_length = u64::try_from(aad.len()).unwrap_or(u64::MAX);
        let lengths = u128::from(aad_length) | (u128::from(length) << 64);
        let state = self.state.plus(&aad_share);
        let state = state.with_block(&lengths.to_le_bytes(), &self.r);
        let tag = state
            .low_128_bits()
            .wrapping_add(u128::from_le_bytes(*self.s));
        tag.to_le_bytes()
    }
}

/// A number modulo 2^130-5 in limbs of 44, 44 and 42 bits. They may be a few bits longer between operations: products have room for that.
#[derive(Clone, Zeroize)]
#[zeroize(drop)]
struct Element([u64; 3]);
const LOW_44: u64 = (1 << 44) - 1;
const LOW_42: u64 = (1 << 42) - 1;
impl Element {
    const ZERO: Self = Self([0; 3]);
    const ONE: Self = Self([1, 0, 0]);

    fn of(number: u128) -> Self {
        let limb = |shift: u32| u64::try_from((number >> shift) & u128::from(LOW_44)).unwrap_or(0);
        Self([limb(0), limb(44), limb(88)])
    }
    fn plus(&self, other: &Self) -> Self {
        let ([a0, a1, a2], [b0, b1, b2]) = (self.0, other.0);
        Self([a0 + b0, a1 + b1, a2 + b2])
    }
    /// Returns the product. What lies above 2^130 comes back five times at the bottom; a limb above the third stands for 2^132, hence twenty times.
    fn times(&self, other: &Self) -> Self {
        let [a0, a1, a2] = self.0.map(u128::from);
        let [b0, b1, b2] = other.0.map(u128::from);
        let d0 = a0 * b0 + 20 * (a1 * b2 + a2 * b1);
        let d1 = a0 * b1 + a1 * b0 + 20 * (a2 * b2);
        let d2 = a0 * b2 + a1 * b1 + a2 * b0;
        Self::carried([d0, d1, d2])
    }
    fn carried([d0, d1, d2]: [u128; 3]) -> Self {
        let low = |limb: u128, mask: u64| u64::try_from(limb & u128::from(mask)).unwrap_or(0);
        let d1 = d1 + (d0 >> 44);
        let d2 = d2 + (d1 >> 44);
        let d0 = u128::from(low(d0, LOW_44)) + 5 * (d2 >> 42);
        let h1 = low(d1, LOW_44) + u64::try_from(d0 >> 44).unwrap_or(0);
        Self([low(d0, LOW_44), h1, low(d2, LOW_42)])
    }
    /// Returns the state after one more block, which counts as a number with a bit above its octets (§2.5.1).
    fn with_block(&self, block: &Block, r: &Self) -> Self {
        let block = Self::of(u128::from_le_bytes(*block));
        let above = Self([0, 0, 1 << 40]);
        self.plus(&block).plus(&above).times(r)
    }
    /// Returns the power, by squaring; the exponent is public.
    fn to_the(&self, mut exponent: u64) -> Self {
        let (mut product, mut square) = (Self::ONE, self.clone());
        while exponent > 0 {
            if exponent & 1 == 1 {
                product = product.times(&square);
            }
            square = square.times(&square);
            exponent >>= 1;
        }
        product
    }
    /// Returns the number, brought below 2^130-5 without a branch on it, modulo 2^128.
    fn low_128_bits(&self) -> u128 {
        let mut limbs = self.clone();
        for _ in 0..3 {
            limbs = Self::carried(limbs.0.map(u128::from));
        }
        let [h0, h1, h2] = limbs.0;
        // h + 5 - 2^130: not negative exactly where h is 2^130-5 or more
        let g0 = h0 + 5;
        let g1 = h1 + (g0 >> 44);
        let g2 = (h2 + (g1 >> 44)).wrapping_sub(1 << 42);
        let negative = g2 >> 63;
        let keep = negative.wrapping_neg();
        let select = |h: u64, g: u64| u128::from((h & keep) | (g & !keep));
        let limbs = [
            select(h0, g0 & LOW_44),
            select(h1, g1 & LOW_44),
            select(h2, g2 & LOW_42),
        ];
        limbs[0] | (limbs[1] << 44) | (limbs[2] << 88)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use chacha20poly1305::{
        KeyInit,
        aead::{Aead, Payload},
    };
    use proptest::prelude::*;

    fn hex(text: &str) -> Vec<u8> {
        data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap()
    }

    #[test]
    fn it_is_that_of_rfc_8439() {
        // §2.8.2
        let key = Secret::new((0x80..0xa0).collect());
        let nonce = hex("070000004041424344454647");
        let aad = hex("50515253c0c1c2c3c4c5c6c7");
        let text = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.";
        let mut cipher = ChaCha20Poly1305::new(&key, &nonce).unwrap();
        let mut out = Vec::new();
        cipher.encrypt(text, &mut out).unwrap();
        assert!(out.starts_with(&hex("d31a8d34648e60db7b86afbc53ef7ec2")));
        let tag = cipher.tag(&aad);
        assert_eq!(tag.to_vec(), hex("1ae10b594f09e26a7e902ecbd0600691"));
    }

    /// Poly1305 of whole blocks, by the AEAD's state alone.
    fn poly1305(r: &str, s: &str, blocks: &[Block]) -> Vec<u8> {
        let block = |text: &str| Block::try_from(hex(text)).unwrap();
        let hash = StreamPoly1305::new(&block(r), &block(s));
        let mut state = Element::ZERO;
        for block in blocks {
            state = state.with_block(block, &hash.r);
        }
        let tag = state.low_128_bits();
        tag.wrapping_add(u128::from_le_bytes(*hash.s))
            .to_le_bytes()
            .to_vec()
    }
    #[test]
    fn sums_at_the_edges_of_the_field_are_those_of_rfc_8439() {
        let zero = "00000000000000000000000000000000";
        let full = "ffffffffffffffffffffffffffffffff";
        let small = |first: u8| {
            let mut octets = [0; 16];
            octets[0] = first;
            data_encoding::HEXLOWER.encode(&octets)
        };
        let (one, two) = (small(1), small(2));
        let block = |text: &str| Block::try_from(hex(text)).unwrap();
        // appendix A.3, vectors 7 to 11
        let carry = [
            block(full),
            block("f0ffffffffffffffffffffffffffffff"),
            block(&small(0x11)),
        ];
        assert_eq!(poly1305(&two, zero, &[block(full)]), hex(&small(3)));
        assert_eq!(poly1305(&two, full, &[block(&two)]), hex(&small(3)));
        assert_eq!(poly1305(&one, zero, &carry), hex(&small(5)));
        let reduced = [
            block(full),
            block("fbfefefefefefefefefefefefefefefe"),
            block("01010101010101010101010101010101"),
        ];
        assert_eq!(poly1305(&one, zero, &reduced), hex(zero));
        let minus = [block("fdffffffffffffffffffffffffffffff")];
        assert_eq!(
            poly1305(&two, zero, &minus),
            hex("faffffffffffffffffffffffffffffff")
        );
    }

    proptest! {
        #[test]
        fn chunks_and_late_additional_data_give_what_a_whole_buffer_gives(
            key in any::<[u8; 32]>(), nonce in any::<[u8; 12]>(),
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..70), 0..8),
            aad in prop::collection::vec(any::<u8>(), 0..50),
        ) {
            let mut cipher = ChaCha20Poly1305::new(&Secret::new(key.to_vec()), &nonce).unwrap();
            let mut ciphertext = Vec::new();
            for chunk in &chunks {
                cipher.encrypt(chunk, &mut ciphertext).unwrap();
            }
            let tag = cipher.tag(&aad);
            let theirs = chacha20poly1305::ChaCha20Poly1305::new(&key.into());
            let payload = Payload { msg: &chunks.concat(), aad: &aad };
            let whole = theirs.encrypt(&nonce.into(), payload).unwrap();
            prop_assert_eq!([ciphertext.as_slice(), &tag].concat(), whole);
            let mut cipher = ChaCha20Poly1305::new(&Secret::new(key.to_vec()), &nonce).unwrap();
            let mut plaintext = Vec::new();
            for piece in ciphertext.chunks(19) {
                cipher.decrypt(piece, &mut plaintext).unwrap();
            }
            prop_assert_eq!(plaintext, chunks.concat());
            prop_assert_eq!(cipher.tag(&aad), tag);
        }
    }

    #[test]
    fn the_length_limit_is_exact() {
        let mut cipher = ChaCha20Poly1305::new(&Secret::new(vec![1; 32]), &[2; 12]).unwrap();
        cipher.length = LIMIT - 1;
        cipher.encrypt(b"x", &mut Vec::new()).unwrap();
        let mut out = Vec::new();
        match cipher.encrypt(b"x", &mut out).unwrap_err() {
            Error::Limit { found, limit, .. } => assert_eq!(found, limit + 1),
            other => panic!("{other}"),
        }
        assert!(out.is_empty());
    }
}
