//! What is read of a header and what verifies is in `tests/laws/signature.rs`.

use super::*;

/// RFC 4231, section 4.3 (test case 2).
const BODY: &[u8] = b"what do ya want for nothing?";
const BASE64: &str = "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=";
const HEX: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

const HEADER: HeaderName = HeaderName::from_static("x-signature");

fn signed(encoding: SignatureEncoding) -> BodySignature {
    BodySignature::new(HEADER, encoding, &Secret::new("Jefe").unwrap())
}

#[test]
fn signing_writes_what_reading_expects() {
    assert_eq!(signed(SignatureEncoding::Base64).sign(BODY), BASE64);
    let hex = signed(SignatureEncoding::Hex).with_prefix("sha256=");
    assert_eq!(hex.sign(BODY), format!("sha256={HEX}"));
}

/// RFC 4231, sections 4.2 and 4.7 (test cases 1 and 6), and a key of exactly
/// one block, computed with OpenSSL.
#[test]
fn keys_shorter_and_longer_than_a_block() {
    for (key, body, digest) in [
        (
            vec![0x0b; 20],
            &b"Hi There"[..],
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
        (
            vec![0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
        (
            vec![b'k'; 64],
            b"body",
            "2e213d30b446410b3c21ed0982394dd2add15ccc4da5abab1cac32e7fd6eb01f",
        ),
    ] {
        let signed =
            BodySignature::new(HEADER, SignatureEncoding::Hex, &Secret::from_bytes(key).unwrap());
        assert_eq!(signed.sign(body), digest);
    }
}

/// A prepared key is two states of SHA-256, whose memory is overwritten when they are
/// dropped if the feature `zeroize` is on.
#[test]
fn the_keys_are_wiped() {
    fn wiped<T: zeroize::ZeroizeOnDrop>() {}
    wiped::<sha2::block_api::Sha256VarCore>();
}
