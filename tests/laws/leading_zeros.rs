//! Text that looks like a number stays text where a leading zero would be lost.

use order_webhooks::bandwidth::PortOutValidationRequest;

use super::json::{PROVIDERS, musement};

#[test]
fn leading_zeros_of_a_port_out_stay() {
    let request = PortOutValidationRequest::parse_unverified(
        b"<PortOutValidationRequest><Pin> 0011 </Pin><AccountNumber>007</AccountNumber>\
          <ZipCode>02154</ZipCode><TelephoneNumbers><TelephoneNumber>0123456789\
          </TelephoneNumber></TelephoneNumbers></PortOutValidationRequest>",
    )
    .unwrap();
    assert_eq!(request.irregular_elements().count(), 0);
    assert_eq!(request.pin.as_deref(), Some("0011"));
    assert_eq!(request.account_number.as_deref(), Some("007"));
    assert_eq!(request.zip_code.as_deref(), Some("02154"));
    assert_eq!(request.telephone_numbers[0].as_str(), "0123456789");
}

/// An id is text, and a version is a number.
#[test]
fn leading_zeros_of_an_id_stay() {
    let (body, _) = PROVIDERS[0].with("order_id", "\"0012\"");
    assert_eq!(musement(body.as_bytes()).unwrap().order_id.unwrap().as_str(), "0012");
    let (body, _) = PROVIDERS[0].with("order_version", "\"0012\"");
    assert_eq!(musement(body.as_bytes()).unwrap().order_version, Some(12));
}
