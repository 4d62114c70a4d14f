#![no_main]

use headers::authorization::{Authorization, Basic};
use headers::{Header as _, HeaderValue};
use order_webhooks::BasicAuth;
use order_webhooks::auth::ChallengeState;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    fixtures::oracles::headers::basic(data);
    // What the `headers` crate makes of it. It takes UTF-8 only, and white space
    // around the token that this crate refuses.
    let Ok(value) = HeaderValue::from_bytes(data) else { return };
    let decoded = Authorization::<Basic>::decode(&mut std::iter::once(&value)).ok();
    let pair = decoded.as_ref().map(|basic| (basic.username(), basic.password()));
    let auth = BasicAuth::new("JohnSmith", "Swordfish").unwrap();
    if auth.check(data) == ChallengeState::Authenticated {
        assert_eq!(pair, Some(("JohnSmith", "Swordfish")));
    } else if pair == Some(("JohnSmith", "Swordfish")) {
        let token = data.get("Basic ".len()..).unwrap_or_default();
        assert!(token.iter().any(u8::is_ascii_whitespace), "{}", data.escape_ascii());
    }
});
