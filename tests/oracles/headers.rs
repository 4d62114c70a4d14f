//! The headers that authenticate, judged the slow and obvious way.

use order_webhooks::{
    BasicAuth, Head, Reason, Secret,
    auth::{BodySignature, ChallengeState, SignatureEncoding},
};

/// `JohnSmith` and `Swordfish` are accepted.
pub fn basic(value: &[u8]) {
    let auth = BasicAuth::new("JohnSmith", "Swordfish").unwrap();
    let pair = pair(value);
    let right = Some((b"JohnSmith".to_vec(), b"Swordfish".to_vec()));
    match auth.check(value) {
        ChallengeState::Authenticated => assert_eq!(pair, right),
        ChallengeState::Mismatch => assert!(pair.is_some() && pair != right),
        // Tokens beyond 256 characters are not looked at.
        _ => assert!(pair.is_none() || value.len() > 256),
    }
}

/// RFC 7617, section 2, and RFC 4648, section 4, one step at a time.
pub fn pair(value: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let space = value.iter().position(|byte| *byte == b' ')?;
    if !value[..space].eq_ignore_ascii_case(b"basic") {
        return None;
    }
    let spaces = value[space..].iter().take_while(|byte| **byte == b' ').count();
    let token = &value[space + spaces..];
    let padding = token.iter().rev().take_while(|byte| **byte == b'=').count();
    if token.is_empty() || !token.len().is_multiple_of(4) || padding > 2 {
        return None;
    }
    let mut bits = Vec::new();
    for digit in &token[..token.len() - padding] {
        let value = ALPHABET.iter().position(|known| known == digit)?;
        bits.extend((0..6).rev().map(|bit| value >> bit & 1));
    }
    let unused = bits.split_off(bits.len() - padding * 2);
    if unused.contains(&1) {
        return None;
    }
    let byte = |bits: &[usize]| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit == 1));
    let pair: Vec<u8> = bits.chunks(8).map(byte).collect();
    let colon = pair.iter().position(|byte| *byte == b':')?;
    Some((pair[..colon].to_vec(), pair[colon + 1..].to_vec()))
}

/// The first line is the header, the rest the body. It verifies if, and only
/// if, it is what we would sign.
pub fn signature(data: &[u8]) {
    let line = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (value, body) = (&data[..line], data.get(line + 1..).unwrap_or_default());
    let key = Secret::new("Jefe").unwrap();
    for (encoding, prefix) in [(SignatureEncoding::Base64, ""), (SignatureEncoding::Hex, "sha256=")]
    {
        let name = http::HeaderName::from_static("x-signature");
        let signed = BodySignature::new(name, encoding, &key).with_prefix(prefix);
        let right = signed.sign(body).into_bytes();
        let same = match encoding {
            SignatureEncoding::Base64 => value == right,
            _ => value.starts_with(b"sha256=") && value.eq_ignore_ascii_case(&right),
        };
        let outcome = |value: &[u8]| {
            let headers = [("x-signature", value)];
            signed.verify(&signed.read(&Head::new("POST", &headers))?, body)
        };
        assert_eq!(outcome(&right), Ok(()));
        match outcome(value) {
            Ok(()) => assert!(same),
            Err(Reason::SignatureMismatch | Reason::SignatureMalformed) => assert!(!same),
            Err(other) => panic!("{other}"),
        }
    }
}
