//! A secret: never empty, never shown, wiped when it is dropped.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
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
/// let error = Secret::new("porterbuddy-api-key\n").unwrap_err();
/// assert_eq!(error.to_string(), "the secret ends with a line end");
/// # Ok::<(), order_webhooks::ConfigError>(())
/// ```
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes over a secret that is text.
    ///
    /// # Errors
    ///
    /// [`ConfigError::EmptySecret`] for `""`, which everybody knows, and
    /// [`ConfigError::Damaged`] if white space, a line end, a byte order mark, an
    /// invisible or a control character stands at either end: `"key\n"`. With a
    /// secret that a slip has damaged every delivery would be refused.
    pub fn new(secret: impl Into<String>) -> Result<Self, ConfigError> {
        let secret = Zeroizing::new(secret.into());
        check_ends("secret", &secret)?;
        Self::from_bytes(secret.as_bytes())
    }

    /// Takes over a secret that is bytes and not text, such as one that was
    /// decoded from base64. Any bytes may stand at its ends.
    ///
    /// # Errors
    ///
    /// [`ConfigError::EmptySecret`] for no bytes.
    pub fn from_bytes(secret: impl Into<Vec<u8>>) -> Result<Self, ConfigError> {
        let secret = Zeroizing::new(secret.into());
        if secret.is_empty() {
            return Err(ConfigError::EmptySecret);
        }
        Ok(Self(secret))
    }

    /// Decodes the secret from base64 (RFC 4648, section 4), with its padding. Standard
    /// Webhooks gives keys in this form, behind `whsec_`.
    ///
    /// ```
    /// use order_webhooks::Secret;
    ///
    /// let text = "whsec_c3dvcmRmaXNo";
    /// let key = Secret::from_base64(text.trim_start_matches("whsec_"))?;
    /// assert_eq!(key.expose(), b"swordfish");
    /// # Ok::<(), order_webhooks::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ConfigError::NotBase64`] for a character outside the alphabet (`"whsec_"`, a line
    /// break), and for padding that is missing; [`ConfigError::EmptySecret`] for `""`.
    pub fn from_base64(text: &str) -> Result<Self, ConfigError> {
        Self::from_bytes(STANDARD.decode(text).map_err(|_| ConfigError::NotBase64)?)
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

/// Refuses text that begins or ends with what does not show. `value` says in the
/// error what it is.
pub(crate) fn check_ends(value: &'static str, text: &str) -> Result<(), ConfigError> {
    let start = text.chars().next().and_then(|first| Some(slip(first)?.0));
    let end = text.chars().next_back().and_then(|last| Some(slip(last)?.1));
    match start.or(end) {
        Some(slip) => Err(ConfigError::Damaged { value, slip }),
        None => Ok(()),
    }
}

/// What a character that does not show is called at the start and at the end.
fn slip(character: char) -> Option<(&'static str, &'static str)> {
    Some(match character {
        '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
            ("begins with a line end", "ends with a line end")
        }
        '\u{feff}' => ("begins with a byte order mark", "ends with a byte order mark"),
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => {
            ("begins with an invisible character", "ends with an invisible character")
        }
        _ if character.is_whitespace() => ("begins with white space", "ends with white space"),
        _ if character.is_control() => {
            ("begins with a control character", "ends with a control character")
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
