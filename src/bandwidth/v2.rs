//! The webhook of v2 subscriptions.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use http::HeaderName;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::answer::Accepted;
use crate::auth::{BodySignature, Senders, Signature, SignatureEncoding};
use crate::error::ParseError;
use crate::head::Head;
use crate::limits::Limits;
use crate::rejection::Reason;
use crate::secret::Secret;
use crate::webhook::{Webhook, limits_and_instance};
use crate::wire::json;

const HEADER: HeaderName = HeaderName::from_static("x-bandwidth-signature-sha-256");

/// Receives what Bandwidth's v2 subscriptions send.
///
/// The header `X-Bandwidth-Signature-SHA-256` holds the base64 of the
/// HMAC-SHA256 of the body, keyed with the subscription's secret. If the
/// subscription has credentials too, a challenge asks for them, and both must
/// be right. The schema of the body is not available to us, so every JSON document is
/// an event, a list or `null` too: the verified [`Json`], exactly as it came, or a type
/// of yours.
///
/// ```
/// use order_webhooks::{WebhookExt, Secret, bandwidth::V2Webhook};
///
/// #[derive(serde::Deserialize)]
/// struct OrderUpdate {
///     status: String,
/// }
///
/// let secret = Secret::new("bandwidth-secret")?;
/// let webhook = V2Webhook::<OrderUpdate>::new(&secret);
/// let body = r#"{"status":"COMPLETE"}"#;
/// let request = http::Request::post("/bandwidth/v2")
///     .header("X-Bandwidth-Signature-SHA-256", webhook.signature().sign(body.as_bytes()))
///     .body(body)?;
/// assert_eq!(webhook.verify(request)?.status, "COMPLETE");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// What Bandwidth does after an error is not documented, so a delivery counts as
/// sent once. Its handler returns [`Accepted`].
///
/// Source: Bandwidth numbers documentation, "Subscriptions v2".
pub struct V2Webhook<T = Json> {
    signature: Arc<BodySignature>,
    senders: Option<Senders>,
    limits: Limits,
    instance: Option<Arc<str>>,
    event: PhantomData<fn() -> T>,
}

impl<T> V2Webhook<T> {
    /// Accepts deliveries that are signed with this secret.
    #[must_use]
    pub fn new(secret: &Secret) -> Self {
        let signature = BodySignature::new(HEADER, SignatureEncoding::Base64, secret);
        Self {
            signature: Arc::new(signature),
            senders: None,
            limits: Limits::default(),
            instance: None,
            event: PhantomData,
        }
    }

    /// Accepts deliveries that are signed with this secret as well, while the
    /// secret is changed.
    #[must_use]
    pub fn or(self, secret: &Secret) -> Self {
        let signature = Arc::unwrap_or_clone(self.signature).or(secret);
        Self { signature: Arc::new(signature), ..self }
    }

    /// Accepts deliveries only if they are of these senders as well: a
    /// [`BasicAuth`](crate::BasicAuth), an [`Allowlist`](crate::Allowlist), or both.
    #[must_use]
    pub fn with_senders(mut self, senders: impl Into<Senders>) -> Self {
        self.senders = Some(senders.into());
        self
    }

    limits_and_instance!();

    /// The signature that is checked.
    #[must_use]
    pub fn signature(&self) -> &BodySignature {
        &self.signature
    }
}

impl<T> Clone for V2Webhook<T> {
    fn clone(&self) -> Self {
        Self {
            signature: Arc::clone(&self.signature),
            senders: self.senders.clone(),
            limits: self.limits,
            instance: self.instance.clone(),
            event: PhantomData,
        }
    }
}

impl<T> fmt::Debug for V2Webhook<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("V2Webhook")
            .field("signature", &self.signature)
            .field("senders", &self.senders)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl<T: DeserializeOwned + Send + 'static> Webhook for V2Webhook<T> {
    const NAME: &'static str = "bandwidth.v2";
    type Event = T;
    type Proof = Signature;
    type Receipt = Accepted;

    const SENT_ONCE: bool = true;

    fn check_head(&self, head: &Head<'_>) -> Result<Signature, Reason> {
        if let Some(senders) = &self.senders {
            senders.authenticate(head)?;
        }
        self.signature.read(head)
    }

    fn check_body(&self, signature: &Signature, body: &[u8]) -> Result<(), Reason> {
        self.signature.verify(signature, body)
    }

    fn parse(&self, body: &[u8]) -> Result<T, ParseError> {
        json::value(body)
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn instance(&self) -> Option<&str> {
        self.instance.as_deref()
    }
}

/// A JSON document, exactly as it came: no number is rounded, no field that is
/// given twice is dropped, and their order stays.
///
/// It is what a [`V2Webhook`](crate::bandwidth::V2Webhook)
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
    use crate::auth::BasicAuth;
    use crate::webhook::WebhookExt as _;

    fn webhook() -> V2Webhook {
        V2Webhook::new(&Secret::new("bandwidth-secret").unwrap())
    }

    fn request(body: &'static str, headers: &[(&str, &str)]) -> http::Request<&'static str> {
        let request = http::Request::post("/").body(body);
        let mut request = request.unwrap();
        for (name, value) in headers {
            let name: HeaderName = name.parse().unwrap();
            request.headers_mut().append(name, value.parse().unwrap());
        }
        request
    }

    const BODY: &str = r#"{"orderId":"1","status":"COMPLETE"}"#;

    #[test]
    fn the_verified_json_is_handed_over() {
        let signature = webhook().signature().sign(BODY.as_bytes());
        let signed = request(BODY, &[("x-bandwidth-signature-sha-256", &signature)]);
        let verified = webhook().verify(signed).unwrap();
        assert_eq!(verified.as_str(), BODY);
    }

    #[test]
    fn signature_and_credentials_must_both_be_right_where_both_are_configured() {
        let auth = BasicAuth::new("u", "p:q").unwrap();
        let both = webhook().with_senders(auth);
        let right = both.signature().sign(BODY.as_bytes());
        let wrong = both.signature().sign(b"another body");
        let (signature, credentials) = ("x-bandwidth-signature-sha-256", "authorization");
        let (good, bad) = ("Basic dTpwOnE=", "Basic eDp5");
        for (headers, status) in [
            (&[][..], 401),
            (&[(signature, right.as_str())], 401),
            (&[(signature, &right), (credentials, bad)], 401),
            (&[(credentials, good)], 403),
            (&[(signature, &wrong), (credentials, good)], 403),
            (&[(signature, &right), (signature, &right), (credentials, good)], 400),
        ] {
            let rejection = both.verify(request(BODY, headers)).unwrap_err();
            assert_eq!(rejection.status(), status, "{:?}", rejection.reason());
        }
        let headers = [(signature, right.as_str()), (credentials, good)];
        assert!(both.verify(request(BODY, &headers)).is_ok());
    }

    /// Nobody's time is spent on the signature of what is refused anyhow.
    #[test]
    fn an_encoded_body_is_refused_before_its_signature_is_looked_at() {
        let wrong = webhook().signature().sign(b"another body");
        let headers = [("x-bandwidth-signature-sha-256", &*wrong), ("content-encoding", "gzip")];
        let rejection = webhook().verify(request(BODY, &headers)).unwrap_err();
        assert_eq!(rejection.reason(), &Reason::Encoded);
    }

    #[test]
    fn the_old_secret_is_accepted_beside_the_new_one() {
        let new = V2Webhook::<Json>::new(&Secret::new("new").unwrap());
        let both = new.clone().or(&Secret::new("bandwidth-secret").unwrap());
        for sender in [new, webhook()] {
            let signature = sender.signature().sign(BODY.as_bytes());
            let signed = request(BODY, &[("x-bandwidth-signature-sha-256", &signature)]);
            assert!(both.verify(signed).is_ok());
        }
    }

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
