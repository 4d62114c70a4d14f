use super::*;

/// RFC 4231, section 4.3 (test case 2).
const BODY: &[u8] = b"what do ya want for nothing?";
const BASE64: &str = "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=";
const HEX: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

const HEADER: HeaderName = HeaderName::from_static("x-signature");

fn signed(encoding: SignatureEncoding) -> BodySignature {
    BodySignature::new(HEADER, encoding, &Secret::new("Jefe").unwrap())
}

#[track_caller]
fn outcome(signed: &BodySignature, values: &[&[u8]], body: &[u8]) -> Result<(), Reason> {
    let headers: Vec<_> = values.iter().map(|value| ("x-signature", *value)).collect();
    let signature = signed.read(&Head::new("POST", &headers.as_slice()))?;
    signed.verify(&signature, body)
}

#[test]
fn the_base64_of_the_right_digest_is_accepted_and_no_other_form() {
    let base64 = signed(SignatureEncoding::Base64);
    assert_eq!(outcome(&base64, &[BASE64.as_bytes()], BODY), Ok(()));
    let doubled = format!("{BASE64},{BASE64}");
    for malformed in [
        "",
        "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEN=",
        "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=A",
        "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM",
        "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM==",
        "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEMA",
        "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexY-WTsOEM=",
        "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexY_WTsOEM=",
        "W9zBRr9gdU5qBCQmCJV1x1oAPwid JzmDnexYuWTsOEM=",
        "W9zBRr9gdU5qBCQmCJV1x1oAPwid\tJzmDnexYuWTsOEM=",
        "W9zBRr9gdU5qBCQmCJV1x1oAPwid\nJzmDnexYuWTsOEM=",
        " W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=",
        "sha256=W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=",
        HEX,
        &doubled,
    ] {
        let outcome = outcome(&base64, &[malformed.as_bytes()], BODY);
        assert_eq!(outcome, Err(Reason::SignatureMalformed), "{malformed}");
    }
    let mut latin1 = BASE64.as_bytes().to_vec();
    latin1[3] = 0xE9;
    assert_eq!(outcome(&base64, &[&latin1], BODY), Err(Reason::SignatureMalformed));
}

#[test]
fn every_prefix_is_refused() {
    let base64 = signed(SignatureEncoding::Base64);
    for length in 0..BASE64.len() {
        let cut = &BASE64.as_bytes()[..length];
        assert_eq!(outcome(&base64, &[cut], BODY), Err(Reason::SignatureMalformed), "{length}");
    }
}

#[test]
fn hex_wants_its_prefix_and_64_digits_in_either_case() {
    let hex = signed(SignatureEncoding::Hex { prefix: "sha256=" });
    let (lower, upper) = (format!("sha256={HEX}"), format!("sha256={}", HEX.to_uppercase()));
    assert_eq!(outcome(&hex, &[lower.as_bytes()], BODY), Ok(()));
    assert_eq!(outcome(&hex, &[upper.as_bytes()], BODY), Ok(()));
    let (cut, more) = (&lower[..lower.len() - 1], format!("{lower}0"));
    let not_hex = lower.replace('5', "g");
    for malformed in [HEX, "sha256=", cut, &more, &lower.to_uppercase(), &not_hex] {
        let outcome = outcome(&hex, &[malformed.as_bytes()], BODY);
        assert_eq!(outcome, Err(Reason::SignatureMalformed), "{malformed}");
    }
}

#[test]
fn a_missing_and_a_repeated_header_are_told_apart() {
    let base64 = signed(SignatureEncoding::Base64);
    assert_eq!(outcome(&base64, &[], BODY), Err(Reason::SignatureMissing));
    let repeated = Err(Reason::RepeatedHeader(HEADER));
    assert_eq!(outcome(&base64, &[BASE64.as_bytes(), BASE64.as_bytes()], BODY), repeated);
    assert_eq!(outcome(&base64, &[BASE64.as_bytes(), b""], BODY), repeated);
}

#[test]
fn another_body_or_key_does_not_match() {
    let base64 = signed(SignatureEncoding::Base64);
    for body in [&b"what do ya want for nothing?\n"[..], b"\xEF\xBB\xBFwhat", b""] {
        let outcome = outcome(&base64, &[BASE64.as_bytes()], body);
        assert_eq!(outcome, Err(Reason::SignatureMismatch));
    }
    // What an empty key would make of the body.
    let empty_key = "dtnnGU59vDqgC76P+59vy1qTIXD5cflIuyq2FgfSudY=";
    let outcome = outcome(&base64, &[empty_key.as_bytes()], BODY);
    assert_eq!(outcome, Err(Reason::SignatureMismatch));
}

#[test]
fn the_old_and_the_new_key_are_both_accepted() {
    let new = Secret::new("new").unwrap();
    let new = BodySignature::new(HEADER, SignatureEncoding::Base64, &new);
    let by_new = new.sign(BODY);
    let both = new.or(&Secret::new("Jefe").unwrap());
    assert_eq!(outcome(&both, &[BASE64.as_bytes()], BODY), Ok(()));
    assert_eq!(outcome(&both, &[by_new.as_bytes()], BODY), Ok(()));
}

#[test]
fn signing_writes_what_reading_expects() {
    assert_eq!(signed(SignatureEncoding::Base64).sign(BODY), BASE64);
    let hex = signed(SignatureEncoding::Hex { prefix: "sha256=" });
    assert_eq!(hex.sign(BODY), format!("sha256={HEX}"));
}

/// RFC 4231, sections 4.2 and 4.7 (test cases 1 and 6), and a key of exactly
/// one block, computed with OpenSSL.
#[test]
fn keys_shorter_and_longer_than_a_block() {
    let hex = SignatureEncoding::Hex { prefix: "" };
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
        let signed = BodySignature::new(HEADER, hex, &Secret::new(key).unwrap());
        assert_eq!(signed.sign(body), digest);
    }
}

#[test]
fn nothing_shows() {
    let shown = format!("{:?}", signed(SignatureEncoding::Base64));
    assert_eq!(shown, "BodySignature { header: \"x-signature\", encoding: Base64, keys: 1 }");
    assert_eq!(format!("{:?}", Signature([7; 32])), "Signature(redacted)");
}
