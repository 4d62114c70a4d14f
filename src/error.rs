//! What can be wrong with a configuration and with a body.

use std::borrow::Cow;
use std::fmt;

/// Why a webhook, a credential or an allowlist could not be built.
///
/// These are mistakes in the configuration. They come up at start-up, never
/// while a delivery is received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A secret, key or token was `""`.
    #[error("the secret is empty")]
    EmptySecret,
    /// A secret that should be base64 is not: `"whsec_c3dvcmQ="`.
    #[error("the secret is not base64")]
    NotBase64,
    /// The username was `""`.
    #[error("the username is empty")]
    EmptyUsername,
    /// The password was `""`.
    #[error("the password is empty")]
    EmptyPassword,
    /// The username holds a colon, which RFC 7617, section 2, reserves.
    #[error("the username contains a colon")]
    ColonInUsername,
    /// The username or the password holds a control character (RFC 7617,
    /// section 2), such as NUL, a line break or DEL.
    #[error("the {value} contains a control character")]
    ControlCharacter {
        /// `username` or `password`.
        value: &'static str,
    },
    /// A secret, a username or a password begins or ends with something that is
    /// hardly meant: `"Swordfish\n"` out of a file, `" Swordfish"`, a byte order
    /// mark.
    #[error("the {value} {slip}")]
    Damaged {
        /// `secret`, `username` or `password`.
        value: &'static str,
        /// What is wrong with it: `ends with a line end`.
        slip: &'static str,
    },
    /// Username and password together are longer than 191 bytes.
    #[error("username and password are longer than 191 bytes together")]
    CredentialsTooLong,
    /// The realm is empty, or holds something other than printable ASCII, or a
    /// quote or a backslash.
    #[error("the realm must be printable ASCII without quotes and backslashes, and not empty")]
    InvalidRealm,
    /// The allowlist has no entries.
    #[error("the allowlist is empty")]
    EmptyAllowlist,
    /// An entry is neither an address nor a network: `"10.0.0.0/33"`.
    #[error("entry {position} of the allowlist is neither an address nor a network")]
    InvalidNetwork {
        /// The position of the entry, counted from 1.
        position: usize,
    },
    /// The networks of the list together hold every IPv4 or every IPv6 address:
    /// `"0.0.0.0/1"` and `"128.0.0.0/1"`.
    #[error("the allowlist lets everyone in")]
    EveryAddress,
    /// A customer's record has the telephone number of an earlier one, active or not.
    #[error("record {position} of the subscribers has a telephone number of an earlier one")]
    NumberTwice {
        /// The position of the later record, counted from 1.
        position: usize,
    },
    /// A customer's record has the account number of an earlier one.
    #[error("record {position} of the subscribers has the account number of an earlier one")]
    AccountTwice {
        /// The position of the later record, counted from 1.
        position: usize,
    },
    /// A limit of zero bytes or of no time at all.
    #[error("a limit must be more than zero")]
    ZeroLimit,
    /// A deadline of 30 s or more for the answer to a port-out: Bandwidth stops
    /// waiting then.
    #[error("the deadline must be under 30 s, when the provider stops waiting")]
    DeadlineTooLong,
}

/// What is wrong with a verified body, where, and in which field.
///
/// The message shows no value of the body, only the names of a field and of the
/// root element, so it can be logged. It reads, for example,
/// `order_item_uuid: not a UUID at line 1 column 36`.
///
/// ```
/// # #[cfg(feature = "porterbuddy")] {
/// use order_webhooks::porterbuddy::OrderStatusUpdate;
/// use order_webhooks::webhook::ParseErrorKind;
///
/// let error = OrderStatusUpdate::parse_unverified(b"{\"orderId\":\"1\"}").unwrap_err();
/// assert_eq!(error.to_string(), "orderStatus: missing at line 1 column 15");
/// assert_eq!(error.kind(), &ParseErrorKind::Missing);
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ParseError(Box<Fault>);

#[derive(Clone, PartialEq, Eq)]
struct Fault {
    kind: ParseErrorKind,
    field: Option<Cow<'static, str>>,
    position: Option<Position>,
}

/// A place in a body, as editors count: both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The line; lines end with a line feed.
    pub line: usize,
    /// The byte within the line.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} column {}", self.line, self.column)
    }
}

/// What is wrong with a body; see [`ParseError`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// The bytes are not UTF-8, or the document declares another encoding.
    #[error("encoding is not UTF-8")]
    Encoding,
    /// The document breaks the grammar of its format; the text says how.
    #[error("{0}")]
    Syntax(Cow<'static, str>),
    /// The document ends before it is complete.
    #[error("unexpected end of the document")]
    UnexpectedEnd,
    /// More than 128 elements are nested, or more than 127 objects and arrays.
    #[error("nested too deeply")]
    TooDeep,
    /// The document has a document type declaration; none is ever read.
    #[error("document type declarations are refused")]
    Doctype,
    /// The root element has another name. The name is shown escaped and cut
    /// to 64 characters.
    #[error("the root element is <{0}>")]
    WrongRoot(Box<str>),
    /// A required field is missing.
    #[error("missing")]
    Missing,
    /// A field that can be given once is given twice.
    #[error("given twice")]
    Repeated,
    /// The value is not what the field takes; the text says what it is not.
    #[error("not {0}")]
    Invalid(Cow<'static, str>),
}

impl ParseError {
    /// An error of this kind, with no place yet.
    #[must_use]
    pub fn new(kind: ParseErrorKind) -> Self {
        Self(Box::new(Fault { kind, field: None, position: None }))
    }

    /// The same error in this field. An error that names a field keeps it.
    #[must_use]
    pub fn in_field(mut self, field: impl Into<Cow<'static, str>>) -> Self {
        self.0.field.get_or_insert_with(|| field.into());
        self
    }

    /// The same error at this line and column. An error that has a place keeps
    /// it.
    #[must_use]
    pub fn at_position(mut self, position: Position) -> Self {
        self.0.position.get_or_insert(position);
        self
    }

    /// The same error at this byte of this body, counted from 0. A byte order mark
    /// before the document is not counted in its column. An error that has a place
    /// keeps it.
    #[must_use]
    pub fn at_offset(self, body: &[u8], offset: usize) -> Self {
        let marks = body.chunks(3).take_while(|bytes| *bytes == b"\xef\xbb\xbf").count();
        let before = body.get(..offset).unwrap_or(body);
        let before = before.get(marks.saturating_mul(3)..).unwrap_or_default();
        let line = before.split(|byte| *byte == b'\n').count();
        let column = before.rsplit(|byte| *byte == b'\n').next().map_or(0, <[u8]>::len);
        self.at_position(Position { line, column: column.saturating_add(1) })
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> &ParseErrorKind {
        &self.0.kind
    }

    /// The provider's name of the field that is wrong, if it is known.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// Where in the body, if it is known.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        self.0.position
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(field) = &self.0.field {
            write!(f, "{field}: ")?;
        }
        write!(f, "{}", self.0.kind)?;
        if let Some(position) = self.0.position {
            write!(f, " at {position}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ParseError({self})")
    }
}

/// The message is whole, so there is no `source()` to print after it.
impl std::error::Error for ParseError {}

#[cfg(test)]
mod tests;
