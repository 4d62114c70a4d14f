use super::*;

const SAMPLE: &str = include_str!("../../../../tests/data/bandwidth/port-out.xml");

#[track_caller]
fn parse(body: &str) -> Result<PortOutValidationRequest, String> {
    PortOutValidationRequest::parse_unverified(body.as_bytes()).map_err(|e| e.to_string())
}

#[test]
fn the_documented_sample() {
    let request = PortOutValidationRequest {
        pon: Some("some_pon".into()),
        pin: Some("1111".into()),
        account_number: Some("777".into()),
        zip_code: Some("62025".into()),
        subscriber_name: Some("Subscriber Name".into()),
        telephone_numbers: vec!["2223331000".into(), "2223331001".into()],
    };
    assert_eq!(parse(SAMPLE), Ok(request.clone()));
    assert_eq!(parse(&request.to_xml()), Ok(request.clone()));
    assert_eq!(request.irregular_elements().count(), 0);
}

#[test]
fn what_looks_like_a_number_keeps_its_zeros() {
    let request = parse(
        "<PortOutValidationRequest><Pin> 0011 </Pin><AccountNumber>007</AccountNumber>\
         <ZipCode>02154</ZipCode><TelephoneNumbers><TelephoneNumber>0123456789\
         </TelephoneNumber></TelephoneNumbers></PortOutValidationRequest>",
    )
    .unwrap();
    assert_eq!(request.pin.as_deref(), Some("0011"));
    assert_eq!(request.account_number.as_deref(), Some("007"));
    assert_eq!(request.zip_code.as_deref(), Some("02154"));
    assert_eq!(request.telephone_numbers, [TelephoneNumber::from("0123456789")]);
}

#[test]
fn a_request_names_a_number() {
    for (body, message) in [
        (
            "<PortOutValidationRequest><PON>p</PON></PortOutValidationRequest>",
            "TelephoneNumber: missing at line 1 column 39",
        ),
        (
            "<PortOutValidationRequest><TelephoneNumbers><TelephoneNumber> \
             </TelephoneNumber></TelephoneNumbers></PortOutValidationRequest>",
            "TelephoneNumber: missing at line 1 column 100",
        ),
        ("<Notification/>", "the root element is <Notification> at line 1 column 1"),
        (
            "<PortOutValidationRequest><Pin>1</Pin><Pin/></PortOutValidationRequest>",
            "Pin: given twice at line 1 column 39",
        ),
    ] {
        assert_eq!(parse(body), Err(message.to_owned()));
    }
}

#[test]
fn what_is_longer_than_documented_is_told_and_kept() {
    let long = "1".repeat(94);
    let request = PortOutValidationRequest {
        pon: Some(long.clone()),
        pin: Some("12345678901".into()),
        account_number: Some(long.clone()),
        zip_code: Some(long.clone()),
        subscriber_name: Some(long.clone()),
        telephone_numbers: vec!["12223331000".into()],
    };
    let irregular: Vec<_> = request.irregular_elements().collect();
    let all = ["PON", "Pin", "AccountNumber", "ZipCode", "SubscriberName", "TelephoneNumber"];
    assert_eq!(irregular, all);
    assert_eq!(parse(&request.to_xml()), Ok(request));
}

/// One character more than documented is irregular; as many as documented,
/// of more than one byte each where any character may stand, are not.
#[test]
fn as_long_as_documented_is_regular() {
    let bare = || parse(SAMPLE).unwrap();
    let text = |length| Some("é".repeat(length));
    for (name, length, set) in [
        ("PON", 25, (|r, text| r.pon = text) as fn(&mut PortOutValidationRequest, _)),
        ("AccountNumber", 25, |r, text| r.account_number = text),
        ("ZipCode", 15, |r, text| r.zip_code = text),
        ("SubscriberName", 93, |r, text| r.subscriber_name = text),
    ] {
        let mut request = bare();
        set(&mut request, text(length));
        assert_eq!(request.irregular_elements().count(), 0, "{name}");
        set(&mut request, text(length + 1));
        assert_eq!(request.irregular_elements().collect::<Vec<_>>(), [name]);
    }
    for (pin, irregular) in [("0123456789", false), ("01234567890", true), ("012x", true)] {
        let request = PortOutValidationRequest { pin: Some(pin.into()), ..bare() };
        assert_eq!(request.irregular_elements().any(|name| name == "Pin"), irregular, "{pin}");
    }
}

/// A request of version 2 of the API has E.164.
#[test]
fn both_documented_forms_of_a_number_are_regular() {
    for (number, irregular) in
        [("2223331000", false), ("+12223331000", false), ("12223331000", true), ("x", true)]
    {
        let numbers = vec![TelephoneNumber::from(number)];
        let request = PortOutValidationRequest { telephone_numbers: numbers, ..Default::default() };
        assert_eq!(request.irregular_elements().count() == 1, irregular, "{number}");
    }
}

/// What is read twice in a notification is a guess in a port-out.
#[test]
fn nothing_is_guessed() {
    let number =
        "<TelephoneNumbers><TelephoneNumber>2223331000</TelephoneNumber></TelephoneNumbers>";
    for name in ["PON", "Pin", "AccountNumber", "ZipCode", "SubscriberName", "TelephoneNumbers"] {
        let body = format!(
            "<PortOutValidationRequest>{number}<{name}/><{name}/></PortOutValidationRequest>"
        );
        let error = parse(&body).unwrap_err();
        assert!(error.starts_with(&format!("{name}: given twice")), "{error}");
    }
    let body = "<PortOutValidationRequest><Pin>1<b/></Pin></PortOutValidationRequest>";
    assert_eq!(parse(body), Err("Pin: not text at line 1 column 33".to_owned()));
}

#[test]
fn it_comes_back_from_json_under_the_names_of_the_elements() {
    let request = parse(SAMPLE).unwrap();
    let json = serde_json::to_value(&request).unwrap();
    let expected = serde_json::json!({
        "PON": "some_pon", "Pin": "1111", "AccountNumber": "777", "ZipCode": "62025",
        "SubscriberName": "Subscriber Name", "TelephoneNumbers": ["2223331000", "2223331001"],
    });
    assert_eq!(json, expected);
    assert_eq!(serde_json::from_value::<PortOutValidationRequest>(json).unwrap(), request);
}

#[test]
fn debug_shows_no_customer_data() {
    let shown = format!("{:?}", parse(SAMPLE).unwrap());
    let expected = "PortOutValidationRequest { pon: Some(\"some_pon\"), telephone_numbers: 2, .. }";
    assert_eq!(shown, expected);
}

/// Where it comes from a queue, too, a request names a number.
#[test]
fn json_without_a_number_is_refused() {
    for json in [
        "{}",
        r#"{"PON":"p"}"#,
        r#"{"TelephoneNumbers":[]}"#,
        r#"{"TelephoneNumbers":[""," "]}"#,
        r#"{"TelephoneNumbers":null}"#,
        "[]",
    ] {
        assert!(serde_json::from_str::<PortOutValidationRequest>(json).is_err(), "{json}");
    }
    let request: PortOutValidationRequest =
        serde_json::from_str(r#"{"TelephoneNumbers":["2223331000"]}"#).unwrap();
    assert_eq!(request.telephone_numbers[0].as_str(), "2223331000");
}

#[test]
fn what_can_be_read_of_a_refused_body() {
    let number = "<TelephoneNumber>2223331000</TelephoneNumber>";
    let many = format!("{number}{}{number}", " ".repeat(PortOutValidationRequest::SALVAGED_BYTES));
    for (body, pon, numbers) in [
        ("<PON>p</PON><TelephoneNumber>1</TelephoneNumber>", Some("p"), &["1"][..]),
        ("<PortOutValidationRequest><Pin>1</Pin><PON> p </PON><a>", Some("p"), &[]),
        ("<Notification><PON>p</PON></Notification>", Some("p"), &[]),
        ("<PON>p</PON><PON>q</PON><Pin>1<b/></Pin>", Some("p"), &[]),
        ("<PON> </PON><PON/><PON>q</PON>", Some("q"), &[]),
        ("<TelephoneNumber>1</TelephoneNumber><TelephoneNumber>2", None, &["1"]),
        ("<Pin>1<PON>p</PON></x></y>", Some("p"), &[]),
        ("junk & <PON>p</PON>", Some("p"), &[]),
        ("<!DOCTYPE a [<!ENTITY e 'x'>]><PON>p</PON>", Some("p"), &[]),
        ("<?xml encoding='latin1'?><x>\u{fffd}</x><PON>p</PON>", Some("p"), &[]),
        ("<PON>a&amp;b&#x21;<![CDATA[<c>]]><!-- d -->e</PON>", Some("a&b!<c>e"), &[]),
        ("<PON>p&e;</PON>", None, &[]),
        ("<PON>p<a/></PON>", None, &[]),
        ("<PON>p</Pin>", None, &[]),
        ("<PON>p", None, &[]),
        ("<n:PON>p</n:PON><pon>p</pon>", None, &[]),
        ("<!<PON>p</PON>", None, &[]),
        ("", None, &[]),
        ("not XML", None, &[]),
        (&many, None, &["2223331000"]),
    ] {
        let found = PortOutValidationRequest::salvage(body.as_bytes());
        let numbers_found: Vec<_> =
            found.telephone_numbers.iter().map(TelephoneNumber::as_str).collect();
        let outcome = (found.pon.as_deref(), &numbers_found[..]);
        assert_eq!(outcome, (pon, numbers), "{body:.80}");
        let others = (found.pin, found.account_number, found.zip_code, found.subscriber_name);
        assert_eq!(others, (None, None, None, None), "{body:.80}");
    }
    let found = PortOutValidationRequest::salvage(b"\xff\xfe<PON>p\xff</PON><PON>q</PON>");
    assert_eq!(found.pon.as_deref(), Some("q"));
}
