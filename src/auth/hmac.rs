//! HMAC-SHA256 (RFC 2104, FIPS 180-4) over the compression function of `sha2`.
//!
//! The `hmac` crate hashes the same blocks, and the tests compare the two. What
//! it spends besides (a buffer that is copied with the key and wiped twice) is a
//! sixth of the time of a short body.

use std::slice::from_ref;

use sha2::block_api::compress256;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

const BLOCK: usize = 64;

/// The state of a hash: eight words.
type State = Zeroizing<[u32; 8]>;

/// FIPS 180-4, section 5.3.3.
const START: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// The padding of the outer hash, which is over a block and 32 bytes: 768 bits.
const OUTER: [u8; BLOCK] = {
    let mut block = [0; BLOCK];
    if let ([_, padding], _) = block.as_chunks_mut::<32>() {
        let [start, .., high, low] = padding;
        *start = 0x80;
        [*high, *low] = 768_u16.to_be_bytes();
    }
    block
};

/// A key, as the two states that its first block leads to.
#[derive(Clone)]
pub(super) struct Key {
    inner: State,
    outer: State,
}

impl Key {
    /// RFC 2104, section 2: a key that is longer than a block is hashed, and a
    /// shorter one filled up with zeros.
    pub(super) fn new(key: &[u8]) -> Self {
        let mut block = Zeroizing::new([0; BLOCK]);
        if key.len() > BLOCK {
            let digest: Zeroizing<[u8; 32]> = Zeroizing::new(Sha256::digest(key).into());
            fill(&mut block, &*digest);
        } else {
            fill(&mut block, key);
        }
        let state = |pad: u8| {
            let mut state = Zeroizing::new(START);
            compress256(&mut state, &*Zeroizing::new([block.map(|byte| byte ^ pad)]));
            state
        };
        Self { inner: state(0x36), outer: state(0x5c) }
    }

    /// The code of this text.
    pub(super) fn sign(&self, text: &[u8]) -> [u8; 32] {
        bytes(self.state(text))
    }

    /// Whether this is the code of this text, compared in constant time.
    pub(super) fn verifies(&self, text: &[u8], code: &[u8; 32]) -> bool {
        let words = code.as_chunks::<4>().0.iter().map(|bytes| u32::from_be_bytes(*bytes));
        let state = self.state(text);
        let difference = state.iter().zip(words).fold(0, |any, (word, other)| any | (word ^ other));
        difference.ct_eq(&0).into()
    }

    /// What is copied of the key here is overwritten by the compression.
    fn state(&self, text: &[u8]) -> [u32; 8] {
        let mut inner = *self.inner;
        finish(&mut inner, text);
        let mut block = OUTER;
        fill(&mut block, &bytes(inner));
        let mut outer = *self.outer;
        compress256(&mut outer, from_ref(&block));
        outer
    }
}

/// Hashes what follows the block of the key, and the padding (FIPS 180-4,
/// section 5.1.1). The last block is made before the others are hashed, so that
/// it is in memory when the hash comes to it.
fn finish(state: &mut [u32; 8], text: &[u8]) {
    let (blocks, rest) = text.as_chunks();
    let mut last = [0; BLOCK];
    fill(&mut last, rest);
    if let Some(end) = last.get_mut(rest.len()) {
        *end = 0x80;
    }
    let mut padded = [0; BLOCK];
    let fits = rest.len() < BLOCK - 8;
    let bits = (text.len() as u64).wrapping_add(BLOCK as u64).wrapping_mul(8);
    if let Some(length) = (if fits { &mut last } else { &mut padded }).last_chunk_mut() {
        *length = bits.to_be_bytes();
    }
    compress256(state, blocks);
    compress256(state, from_ref(&last));
    if !fits {
        compress256(state, from_ref(&padded));
    }
}

/// Copies bytes to the start of a block that has room for them.
fn fill(block: &mut [u8; BLOCK], bytes: &[u8]) {
    if let Some(start) = block.get_mut(..bytes.len()) {
        start.copy_from_slice(bytes);
    }
}

fn bytes(state: [u32; 8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (bytes, word) in bytes.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::hmac::{Hmac, KeyInit as _, Mac as _};

    #[track_caller]
    fn compare(key: &[u8], text: &[u8]) {
        let theirs = Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(text);
        let theirs = theirs.finalize().into_bytes();
        let ours = Key::new(key);
        assert_eq!(ours.sign(text), *theirs, "{} {}", key.len(), text.len());
        assert!(ours.verifies(text, &theirs.into()));
    }

    #[test]
    fn keys_and_texts_of_every_length_up_to_four_blocks() {
        let bytes: Vec<u8> = (0..=u8::MAX).collect();
        for length in 0..=bytes.len() {
            compare(b"Jefe", &bytes[..length]);
            compare(&bytes[..length], b"what do ya want for nothing?");
        }
    }

    #[test]
    fn every_bit_of_the_code_counts() {
        let key = Key::new(b"Jefe");
        let code = key.sign(b"text");
        for bit in 0..256 {
            let mut other = code;
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!key.verifies(b"text", &other), "{bit}");
        }
        assert!(key.verifies(b"text", &code));
    }

    proptest::proptest! {
        #[test]
        fn the_same_as_the_hmac_crate(key: Vec<u8>, text: Vec<u8>, repeat in 1_usize..64) {
            compare(&key, &text.repeat(repeat));
        }
    }
}
