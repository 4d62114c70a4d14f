//! What is signed verifies, and nothing else does.

use order_webhooks::{
    Head, Reason, Secret,
    auth::{BodySignature, SignatureEncoding},
};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::{bytes, flipped};

const HEADER: http::HeaderName = http::HeaderName::from_static("x-signature");

fn encoding() -> impl Strategy<Value = SignatureEncoding> {
    select(vec![
        SignatureEncoding::Base64,
        SignatureEncoding::Hex { prefix: "" },
        SignatureEncoding::Hex { prefix: "sha256=" },
    ])
}

fn signature(encoding: SignatureEncoding, key: &[u8]) -> BodySignature {
    BodySignature::new(HEADER, encoding, &Secret::new(key).unwrap())
}

fn verified(signed: &BodySignature, value: &[u8], body: &[u8]) -> Result<(), Reason> {
    let headers = [("X-Signature", value)];
    signed.verify(&signed.read(&Head::new("POST", &headers))?, body)
}

proptest! {
    #[test]
    fn what_is_signed_verifies_and_no_flipped_bit_does(
        key in bytes(1..150),
        body in bytes(0..200),
        encoding in encoding(),
        place in any::<Index>(),
    ) {
        let signed = signature(encoding, &key);
        let value = signed.sign(&body).into_bytes();
        prop_assert_eq!(verified(&signed, &value, &body), Ok(()));

        for bit in 0..value.len() * 8 {
            let other = flipped(&value, bit);
            // The hexadecimal digits have two spellings.
            if other.eq_ignore_ascii_case(&value) && matches!(encoding, SignatureEncoding::Hex { .. })
            {
                continue;
            }
            prop_assert_ne!(verified(&signed, &other, &body), Ok(()), "{}", other.escape_ascii());
        }
        if !body.is_empty() {
            let other = flipped(&body, place.index(body.len() * 8));
            prop_assert_eq!(verified(&signed, &value, &other), Err(Reason::SignatureMismatch));
        }
        let other = signature(encoding, &flipped(&key, place.index(key.len() * 8)));
        prop_assert_eq!(verified(&other, &value, &body), Err(Reason::SignatureMismatch));
        let cut = &value[..place.index(value.len())];
        prop_assert_eq!(verified(&signed, cut, &body), Err(Reason::SignatureMalformed));
    }

    #[test]
    fn no_other_header_verifies(value in bytes(0..80), body in bytes(0..40)) {
        let signed = signature(SignatureEncoding::Base64, b"key");
        prop_assert_ne!(verified(&signed, &value, &body), Ok(()));
    }

    #[test]
    fn every_key_that_is_accepted_verifies(
        keys in prop::collection::btree_set("[a-z]{1,20}", 2..5),
        body in bytes(0..40),
    ) {
        let mut keys: Vec<_> = keys.into_iter().collect();
        let stranger = keys.pop().unwrap();
        let signed = signature(SignatureEncoding::Base64, keys[0].as_bytes());
        let all = keys[1..].iter().fold(signed, |all, key| all.or(&Secret::new(&**key).unwrap()));
        let by = |key: &str| signature(SignatureEncoding::Base64, key.as_bytes()).sign(&body);
        for key in &keys {
            prop_assert_eq!(verified(&all, by(key).as_bytes(), &body), Ok(()));
        }
        let refused = verified(&all, by(&stranger).as_bytes(), &body);
        prop_assert_eq!(refused, Err(Reason::SignatureMismatch));
    }
}
