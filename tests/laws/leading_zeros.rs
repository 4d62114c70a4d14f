//! Text that looks like a number stays text where a leading zero would be lost.

use order_webhooks::bandwidth::PortOutValidationRequest;

use super::json::{PROVIDERS, musement};
use fixtures::law::{Law, row};

const DESIGN: &str = "DESIGN, law 8";
const KEPT: &str = "kept as text";

pub(crate) const LAW: Law = Law {
    title: "Law 8, text that looks like a number stays text",
    rows: &[
        row(
            "PIN `0011`, padded; account `007`; ZIP code `02154`; number `0123456789`",
            KEPT,
            DESIGN,
            |cases| {
                let request = PortOutValidationRequest::parse_unverified(
                b"<PortOutValidationRequest><Pin> 0011 </Pin><AccountNumber>007</AccountNumber>\
                  <ZipCode>02154</ZipCode><TelephoneNumbers><TelephoneNumber>0123456789\
                  </TelephoneNumber></TelephoneNumbers></PortOutValidationRequest>",
            )
            .unwrap();
                assert_eq!(request.irregular_elements().count(), 0);
                let number = request.telephone_numbers[0].as_str();
                for (read, kept) in [
                    (request.pin.as_deref(), "0011"),
                    (request.account_number.as_deref(), "007"),
                    (request.zip_code.as_deref(), "02154"),
                    (Some(number), "0123456789"),
                ] {
                    cases.of(kept, if read == Some(kept) { KEPT } else { read.unwrap_or("none") });
                }
            },
        ),
        row("an order id `\"0012\"`", KEPT, DESIGN, |cases| {
            let (body, _) = PROVIDERS[0].with("order_id", "\"0012\"");
            let id = musement(body.as_bytes()).unwrap().order_id.unwrap();
            cases.of("0012", if id.as_str() == "0012" { KEPT } else { id.as_str() });
        }),
        row(
            "a version `\"0012\"`, which counts",
            "12",
            "Musement, \"Order item webhook\"",
            |cases| {
                let (body, _) = PROVIDERS[0].with("order_version", "\"0012\"");
                let version = musement(body.as_bytes()).unwrap().order_version;
                cases.of("0012", version.map_or("none".to_owned(), |version| version.to_string()));
            },
        ),
    ],
};

#[test]
fn leading_zeros_stay() {
    LAW.holds();
}
