//! A secret: never empty, never shown, wiped when it is dropped.

use std::fmt;

use zeroize::Zeroizing;

use crate::error::ConfigError;

/// A key, a password or a token.
///
/// It cannot be empty, `Debug` does not show it, it cannot be cloned, and its
/// memory is overwritten when it is dropped. What it was made from (an
/// environment variable, a file) is the caller's to wipe.
///
/// ```
/// use order_webhooks::Secret;
///
/// let key = Secret::new("porterbuddy-api-key")?;
/// assert_eq!(format!("{key:?}"), "Secret(redacted)");
/// assert!(Secret::new("").is_err());
/// # Ok::<(), order_webhooks::ConfigError>(())
/// ```
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the secret over.
    ///
    /// # Errors
    ///
    /// [`ConfigError::EmptySecret`] for `""`, which everybody knows.
    pub fn new(secret: impl Into<Vec<u8>>) -> Result<Self, ConfigError> {
        let secret = Zeroizing::new(secret.into());
        if secret.is_empty() {
            return Err(ConfigError::EmptySecret);
        }
        Ok(Self(secret))
    }

    /// The bytes of the secret, for the place that needs them. Keep them out of
    /// logs and errors, and compare them in constant time only.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_come_back_and_do_not_show() {
        let secret = Secret::new("Swordfish").unwrap();
        assert_eq!(secret.expose(), b"Swordfish");
        assert_eq!(format!("{secret:?}"), "Secret(redacted)");
    }
}
