//! The same work as a good engineer writes it over the same libraries: the
//! yardstick of the crate's own time.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use order_webhooks::bandwidth::OrderStatus;
use quick_xml::Reader;
use quick_xml::events::Event;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A key, prepared once.
#[derive(Clone)]
pub struct Signer(Hmac<Sha256>);

impl Signer {
    pub fn new(key: &str) -> Self {
        Self(Hmac::new_from_slice(key.as_bytes()).unwrap())
    }

    pub fn sign(&self, body: &[u8]) -> String {
        STANDARD.encode(self.0.clone().chain_update(body).finalize().into_bytes())
    }

    /// Decodes the header's value and compares it with the signature of the body.
    pub fn verify(&self, value: &[u8], body: &[u8]) -> bool {
        let mut digest = [0; 32];
        // A signature that is a character longer would not fit.
        value.len() == 44
            && STANDARD.decode_slice(value, &mut digest) == Ok(32)
            && self.0.clone().chain_update(body).verify_slice(&digest).is_ok()
    }
}

/// Decodes Basic credentials and compares them with these.
pub fn authorized(value: &[u8], username: &str, password: &str) -> bool {
    let Some(token) = value.strip_prefix(b"Basic ") else { return false };
    let mut pair = [0; 256];
    let Ok(length) = STANDARD.decode_slice(token, &mut pair) else { return false };
    let pair = &pair[..length];
    let Some(colon) = pair.iter().position(|byte| *byte == b':') else { return false };
    (pair[..colon].ct_eq(username.as_bytes()) & pair[colon + 1..].ct_eq(password.as_bytes())).into()
}

/// What a notification about an order says.
#[derive(Default)]
#[allow(dead_code, reason = "they are here to be read")]
pub struct Notification {
    subscription_id: Option<String>,
    order_type: Option<String>,
    order_id: Option<String>,
    customer_order_id: Option<String>,
    status: Option<OrderStatus>,
    message: Option<String>,
    numbers: Vec<String>,
    last_modified: Option<OffsetDateTime>,
    actual_foc: Option<OffsetDateTime>,
}

/// Reads quick-xml's events. Its own checks see that tags match; the reader looks
/// after the root, the end, and text in pieces. `None` is a document to refuse.
pub fn notification(body: &[u8]) -> Option<Notification> {
    let mut reader = Reader::from_str(std::str::from_utf8(body).ok()?);
    let mut read = Notification::default();
    loop {
        match reader.read_event().ok()? {
            Event::Start(root) if root.name().as_ref() == "Notification" => break,
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) | Event::Text(_) => {}
            _ => return None,
        }
    }
    loop {
        let start = match reader.read_event().ok()? {
            Event::Start(start) => start,
            Event::End(_) => break,
            Event::DocType(_) | Event::Eof => return None,
            _ => continue,
        };
        match start.name().as_ref() {
            "SubscriptionId" => read.subscription_id = Some(text(&mut reader)?),
            "OrderType" => read.order_type = Some(text(&mut reader)?),
            "OrderId" => read.order_id = Some(text(&mut reader)?),
            "CustomerOrderId" => read.customer_order_id = Some(text(&mut reader)?),
            "Status" => read.status = Some(OrderStatus::from(&*text(&mut reader)?)),
            "Message" => read.message = Some(text(&mut reader)?),
            "CompletedTelephoneNumbers" => numbers(&mut reader, &mut read.numbers)?,
            "LastModifiedDate" => read.last_modified = date(&mut reader)?,
            "ActualFocDate" => read.actual_foc = date(&mut reader)?,
            _ => {
                reader.read_to_end(start.name()).ok()?;
            }
        }
    }
    loop {
        match reader.read_event().ok()? {
            Event::Eof => return Some(read),
            Event::Comment(_) | Event::PI(_) => {}
            Event::Text(text) if text.trim_ascii().is_empty() => {}
            _ => return None,
        }
    }
}

fn numbers(reader: &mut Reader<&[u8]>, into: &mut Vec<String>) -> Option<()> {
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) if start.name().as_ref() == "TelephoneNumber" => {
                into.push(text(reader)?);
            }
            Event::Start(start) => {
                reader.read_to_end(start.name()).ok()?;
            }
            Event::End(_) => return Some(()),
            Event::DocType(_) | Event::Eof => return None,
            _ => {}
        }
    }
}

/// The text up to the end of the element that was just opened, in one piece.
fn text(reader: &mut Reader<&[u8]>) -> Option<String> {
    let mut text = String::new();
    loop {
        match reader.read_event().ok()? {
            Event::Text(piece) => text.push_str(&piece),
            Event::CData(piece) => text.push_str(&piece),
            Event::GeneralRef(reference) => match reference.resolve_char_ref().ok()? {
                Some(character) => text.push(character),
                None => {
                    text.push_str(quick_xml::escape::resolve_xml_entity(&reference)?);
                }
            },
            Event::Start(start) => {
                reader.read_to_end(start.name()).ok()?;
            }
            Event::End(_) => break,
            Event::DocType(_) | Event::Eof => return None,
            _ => {}
        }
    }
    let trimmed = text.trim_ascii();
    if trimmed.len() != text.len() {
        text = trimmed.to_owned();
    }
    Some(text)
}

fn date(reader: &mut Reader<&[u8]>) -> Option<Option<OffsetDateTime>> {
    Some(OffsetDateTime::parse(&text(reader)?, &Rfc3339).ok())
}
