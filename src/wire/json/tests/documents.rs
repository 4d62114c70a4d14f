use serde::Deserialize;
use serde::de::Error;

use super::super::*;

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Order {
    origin: Option<Party>,
    parcels: Vec<Parcel>,
    pair: Option<(u8, u8)>,
    product: Option<Product>,
    nothing: Option<Nothing>,
    own: Option<Own>,
    count: Option<std::num::NonZeroU8>,
    owns: Vec<Own>,
    inner: Option<Box<Order>>,
    even: Option<Even>,
    evens: Vec<Even>,
    by_name: std::collections::BTreeMap<String, u8>,
    by_number: std::collections::BTreeMap<u8, u8>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Party {
    postal_code: String,
    window: Option<Box<Party>>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parcel {
    weight: u8,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Product {
    Delivery,
    Return(u8),
}

#[derive(Debug, PartialEq, Deserialize)]
enum Nothing {}

/// A type whose author tells all.
#[derive(Debug, PartialEq)]
struct Own;

impl<'de> Deserialize<'de> for Own {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Err(D::Error::custom(format_args!("{text} is not known, expected less, {text}")))
    }
}

/// A type that is judged after it was read.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(try_from = "Order")]
pub(super) struct Even;

impl TryFrom<Order> for Even {
    type Error = &'static str;

    fn try_from(order: Order) -> Result<Self, &'static str> {
        let even = order.count.is_none_or(|count| count.get() % 2 == 0);
        even.then_some(Self).ok_or("odd")
    }
}

#[test]
fn documents_are_read_into_types() {
    let body =
        "\u{feff}{\"origin\":{\"postalCode\":\"0165\"},\"parcels\":[{\"weight\":1}],\"new\":{}}";
    let order = document::<Order>(body.as_bytes()).unwrap();
    assert_eq!(order.origin.unwrap().postal_code, "0165");
    assert_eq!(order.parcels, [Parcel { weight: 1 }]);
    assert_eq!(document::<serde_json::Value>(b" [1,null] ").unwrap(), serde_json::json!([1, null]));
    assert_eq!(document::<String>(br#""a\u0062""#).unwrap(), "ab");
}

#[test]
fn what_is_wrong_with_a_document_is_named_without_its_data() {
    for (body, expected) in [
        ("[]", "read"),
        (r#""John""#, "not struct Order at byte 0"),
        (r#"{"origin":"John"}"#, "origin: not struct Party at byte 10"),
        (r#"{"origin":["John"]}"#, "origin: not struct Party with 2 elements at byte 10"),
        (r#"{"origin":{"a":"John"}}"#, "origin.postalCode: missing"),
        (r#"{"origin": {"postalCode":165}}"#, "origin.postalCode: not a string at byte 25"),
        (
            r#"{"origin":{"postalCode":"1","window":{"postalCode":[ ]}}}"#,
            "origin.window.postalCode: not a string at byte 51",
        ),
        (
            r#"{"origin":{"postalCode":"1","postalCode":"1"}}"#,
            "origin.postalCode: given twice at byte 28",
        ),
        (r#"{"parcels":[],"parcels":[]}"#, "parcels: given twice at byte 14"),
        (r#"{"parcels":[{"weight":1},{"weight":300}]}"#, "parcels[1].weight: not u8 at byte 35"),
        (r#"{"parcels":[{"weight":1},{"weight":"1"}]}"#, "parcels[1].weight: not u8 at byte 35"),
        (r#"{"parcels":[{"weight":1},{}]}"#, "parcels[1].weight: missing"),
        (r#"{"parcels":[{"John":1}]}"#, "parcels[0]: not a known field at byte 13"),
        (r#"{"parcels":[null]}"#, "parcels[0]: not struct Parcel at byte 12"),
        (r#"{"parcels":{"a":1}}"#, "parcels: not a sequence at byte 11"),
        (r#"{"pair":[1]}"#, "pair: not a tuple of size 2 at byte 8"),
        (r#"{"pair":[1,2,3]}"#, "pair[2]: more elements than expected at byte 13"),
        (r#"{"product":"John, expected Doe"}"#, "product: not `delivery` or `return` at byte 11"),
        (r#"{"product":{"return":"John"}}"#, "product.return: not u8 at byte 21"),
        (r#"{"nothing":"John, expected Doe"}"#, "nothing: not valid at byte 11"),
        (r#"{"own":"John"}"#, "own: not valid at byte 7"),
        (r#"{"own":"John","x":1}"#, "own: not valid at byte 7"),
        (r#"{"owns":["John", {}]}"#, "owns[0]: not valid at byte 9"),
        (r#"{"owns":["John" ] }"#, "owns[0]: not valid at byte 9"),
        (r#"{"inner":{"own":"John"} , "x": {}}"#, "inner.own: not valid at byte 16"),
        (r#"{"inner":{"owns":["John"]}}"#, "inner.owns[0]: not valid at byte 18"),
        (r#"{"even":{"count":1},"x":0}"#, "even: not valid at byte 8"),
        (r#"{"evens":[{"count":2},{"count":1}, {"count":2}]}"#, "evens[1]: not valid at byte 22"),
        (r#"{"count":0}"#, "count: not a nonzero u8 at byte 9"),
        (r#"{"byName":{"Jane Doe":"x"}}"#, "byName.*: not u8 at byte 22"),
        (r#"{"byNumber":{"John":1}}"#, "byNumber: the key is not a number at byte 13"),
        (r#"{"x":{"y":"\ud800"}}"#, "x.y: lone surrogate at byte 17"),
        (r#"{"x":1e999999}"#, "x: number out of range at byte 5"),
        (r#"{"x":1,}"#, "trailing comma at byte 6"),
        (r#"{"x":1"#, "unexpected end of the document at byte 6"),
        ("{} {}", "text after the document at byte 3"),
        ("\u{feff}{\"parcels\":\n[ {\"weight\":-1}]}", "parcels[0].weight: not u8 at byte 27"),
    ] {
        let error =
            document::<Order>(body.as_bytes()).map_or_else(|e| e.to_string(), |_| "read".into());
        assert_eq!(error, expected, "{body}");
    }
}
