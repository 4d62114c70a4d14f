//! What a stranger sends in place of a proof, and what a bad line makes of a body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderValue;

use crate::testing::random::Random;

/// What a forged delivery shows in place of the proof of its sender. The
/// [module](crate::testing) has an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Forgery {
    /// Nothing, however often it is asked. A webhook that asks for credentials
    /// challenges it, and hears no more: see
    /// [`Failure::NoCredentials`](crate::testing::Failure::NoCredentials).
    Missing,
    /// A well-formed proof that is not the right one: the password is another,
    /// the signature that of another body, the address another.
    Wrong,
    /// Something that is no proof at all: the last character of the right one is
    /// missing.
    Malformed,
    /// The right proof, in two headers of the same name.
    Repeated,
}

impl Forgery {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Missing, Self::Wrong, Self::Malformed, Self::Repeated];

    /// The header values that stand in for the right one; `wrong` makes a
    /// well-formed one that is wrong.
    pub(super) fn values(
        forgery: Option<Self>,
        right: &HeaderValue,
        wrong: impl FnOnce() -> HeaderValue,
    ) -> Vec<HeaderValue> {
        let mut values = match forgery {
            None => vec![right.clone()],
            Some(Self::Missing) => vec![],
            Some(Self::Wrong) => vec![wrong()],
            Some(Self::Malformed) => vec![shortened(right)],
            Some(Self::Repeated) => vec![right.clone(), right.clone()],
        };
        for value in &mut values {
            value.set_sensitive(true);
        }
        values
    }
}

fn shortened(value: &HeaderValue) -> HeaderValue {
    let bytes = value.as_bytes().split_last().map_or(&b""[..], |(_, rest)| rest);
    HeaderValue::from_bytes(bytes).unwrap_or(HeaderValue::from_static(""))
}

/// The same username with one character more in the password.
pub(super) fn other_password(authorization: &HeaderValue) -> HeaderValue {
    let token = authorization.as_bytes().strip_prefix(b"Basic ").unwrap_or_default();
    let mut pair = STANDARD.decode(token).unwrap_or_default();
    pair.push(b'x');
    let value = format!("Basic {}", STANDARD.encode(pair));
    HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static("Basic eDp4"))
}

/// The body as a bad line might deliver it: cut short, empty, with a bit
/// flipped, or with a byte added. It always differs from the original.
pub(super) fn damage(body: &[u8], random: &mut Random) -> Bytes {
    let mut damaged = body.to_vec();
    match random.below(8) {
        0 if !body.is_empty() => damaged.clear(),
        1 | 2 if !body.is_empty() => damaged.truncate(random.below(body.len())),
        3 => damaged.push(b' '),
        _ => {
            let place = random.below(body.len());
            match damaged.get_mut(place) {
                Some(byte) => *byte ^= random.pick(&[1, 2, 4, 8, 16, 32, 64, 128]).unwrap_or(&1),
                None => damaged.push(b'\0'),
            }
        }
    }
    damaged.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_body_is_always_another() {
        let mut random = Random::new(5);
        for body in [&b""[..], b"a", br#"{"orderId":"1"}"#] {
            for _ in 0..500 {
                assert_ne!(damage(body, &mut random), body);
            }
        }
    }

    /// What a bad line does to a body of 16 bytes, each at its share.
    #[test]
    fn every_kind_of_damage_is_done() {
        let (mut random, body) = (Random::new(1), *br#"{"orderId":"12"}"#);
        let (mut empty, mut cut, mut longer, mut flipped) = (0, 0, 0, 0);
        for _ in 0..800 {
            let damaged = damage(&body, &mut random);
            match damaged.len() {
                0 => empty += 1,
                16 => {
                    let bits = damaged.iter().zip(body).map(|(a, b)| (a ^ b).count_ones());
                    assert_eq!(bits.sum::<u32>(), 1);
                    flipped += 1;
                }
                17 => longer += 1,
                length => {
                    assert_eq!(damaged, body[..length]);
                    cut += 1;
                }
            }
        }
        // Eighths: one empty (and a sixteenth of two cut to nothing), two cut, one longer.
        for (count, share) in [(empty, 112), (cut, 188), (longer, 100), (flipped, 400)] {
            assert!((share * 3 / 5..share * 7 / 5).contains(&count), "{count} of {share}");
        }
    }

    #[test]
    fn a_forged_proof_is_never_the_right_one() {
        let right = HeaderValue::from_static("Basic Sm9oblNtaXRoOlN3b3JkZmlzaA==");
        let values = |forgery| Forgery::values(Some(forgery), &right, || other_password(&right));
        assert_eq!(values(Forgery::Missing), <[&str; 0]>::default());
        assert_eq!(values(Forgery::Wrong), ["Basic Sm9oblNtaXRoOlN3b3JkZmlzaHg="]);
        assert_eq!(values(Forgery::Malformed), ["Basic Sm9oblNtaXRoOlN3b3JkZmlzaA="]);
        assert_eq!(values(Forgery::Repeated), [&right, &right]);
        assert!(values(Forgery::Wrong).iter().all(HeaderValue::is_sensitive));
    }
}
