//! JSON whose schema is not known.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::error::ParseError;
use crate::wire::json;

/// A JSON document, exactly as it came: no number is rounded, no field that is
/// given twice is dropped, and their order stays.
///
/// It is what a [`SubscriptionWebhook`](crate::bandwidth::SubscriptionWebhook)
/// gives you unless you name a type of your own. It is checked to be JSON, and
/// nothing more.
///
/// ```
/// use order_webhooks::bandwidth::Json;
///
/// let json: Json = serde_json::from_str(r#"{"id":12345678901234567890123,"status":"OK"}"#)?;
/// assert_eq!(json.as_str(), r#"{"id":12345678901234567890123,"status":"OK"}"#);
///
/// #[derive(serde::Deserialize)]
/// struct Update {
///     status: String,
/// }
/// assert_eq!(json.read::<Update>()?.status, "OK");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Json(Box<RawValue>);

impl Json {
    /// The document's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// The document as a type of yours. `serde_json::Value` rounds large numbers,
    /// and takes the last of fields that are given twice; a derived type refuses
    /// such a field.
    ///
    /// # Errors
    ///
    /// If the document is not what the type takes: in which field, and where.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, ParseError> {
        json::value(self.as_str().as_bytes())
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Json {}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// Only from `serde_json`: other formats have no JSON to keep.
impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self)
    }
}

/// The document can hold customer data, and is not shown.
impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Json({} bytes)", self.as_str().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_it_is_lost() {
        let text = r#"{"n":12345678901234567890123.4500,"a":1,"a":2,"z":[ 1e999999 ]}"#;
        let json: Json = serde_json::from_str(text).unwrap();
        assert_eq!(json.as_str(), text);
        assert_eq!(serde_json::to_string(&json).unwrap(), text);
        assert_eq!(json, json.clone());
        assert_ne!(json, serde_json::from_str("{}").unwrap());
        assert_eq!(format!("{json:?}"), "Json(63 bytes)");
    }

    #[test]
    fn it_is_read_as_another_type_or_the_place_is_told() {
        let json: Json = serde_json::from_str("{\n \"a\": \"x\"}").unwrap();
        let value: serde_json::Value = json.read().unwrap();
        assert_eq!(value["a"], "x");
        let error = json.read::<std::collections::HashMap<String, u8>>().unwrap_err();
        assert_eq!(error.to_string(), "a: not what is expected at line 2 column 9");
    }
}
