//! What can be sent.

use bytes::Bytes;

/// What a sender can send: an event, or a body of your own as its exact bytes.
pub trait Payload {
    /// The bytes on the wire.
    fn to_body(&self) -> Bytes;
}

impl Payload for str {
    fn to_body(&self) -> Bytes {
        Bytes::copy_from_slice(self.as_bytes())
    }
}

impl Payload for String {
    fn to_body(&self) -> Bytes {
        self.as_str().to_body()
    }
}

impl Payload for [u8] {
    fn to_body(&self) -> Bytes {
        Bytes::copy_from_slice(self)
    }
}

impl<const N: usize> Payload for [u8; N] {
    fn to_body(&self) -> Bytes {
        self.as_slice().to_body()
    }
}

impl Payload for Vec<u8> {
    fn to_body(&self) -> Bytes {
        self.as_slice().to_body()
    }
}

impl Payload for Bytes {
    fn to_body(&self) -> Bytes {
        self.clone()
    }
}

/// Any JSON, as short as it can be written.
impl Payload for serde_json::Value {
    fn to_body(&self) -> Bytes {
        self.to_string().into()
    }
}

#[cfg(feature = "musement")]
impl Payload for crate::musement::OrderItemUpdate {
    fn to_body(&self) -> Bytes {
        json(self)
    }
}

#[cfg(feature = "porterbuddy")]
impl Payload for crate::porterbuddy::OrderStatusUpdate {
    fn to_body(&self) -> Bytes {
        json(self)
    }
}

/// Serialising strings and options of them cannot fail.
#[cfg(any(feature = "musement", feature = "porterbuddy"))]
fn json(event: &impl serde::Serialize) -> Bytes {
    serde_json::to_vec(event).unwrap_or_default().into()
}

#[cfg(feature = "bandwidth")]
impl Payload for crate::bandwidth::Notification {
    fn to_body(&self) -> Bytes {
        self.to_xml().into()
    }
}

#[cfg(feature = "bandwidth")]
impl Payload for crate::bandwidth::PortOutValidationRequest {
    fn to_body(&self) -> Bytes {
        self.to_xml().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_text_are_sent_as_they_are() {
        let bodies = [
            "\u{e9}\n".to_body(),
            String::from("\u{e9}\n").to_body(),
            b"\xc3\xa9\n".to_body(),
            b"\xc3\xa9\n".as_slice().to_body(),
            b"\xc3\xa9\n".to_vec().to_body(),
            Bytes::from_static(b"\xc3\xa9\n").to_body(),
        ];
        for body in bodies {
            assert_eq!(body, b"\xc3\xa9\n"[..]);
        }
    }
}
