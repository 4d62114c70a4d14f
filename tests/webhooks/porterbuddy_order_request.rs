//! The order request of Porterbuddy, read and written.

use order_webhooks::client::porterbuddy::OrderRequest;
use order_webhooks::client::porterbuddy::order_request::Number;
use order_webhooks::webhook::ParseErrorKind;
use serde_json::{Value, json};
use time::{Date, Duration, Month, UtcOffset};

use fixtures::samples::ORDER_REQUEST;

fn reference() -> Value {
    serde_json::from_str(ORDER_REQUEST).unwrap()
}

fn read(request: &Value) -> OrderRequest {
    OrderRequest::parse_unverified(request.to_string().as_bytes()).unwrap()
}

#[track_caller]
fn assert_comes_back(request: &Value) {
    let written: Value = serde_json::from_str(&read(request).to_json()).unwrap();
    assert_eq!(written, *request);
}

#[test]
fn the_reference_is_read() {
    let order = OrderRequest::parse_unverified(ORDER_REQUEST.as_bytes()).unwrap();
    assert_eq!(order.destination.address.street_name, "Høyenhallveien");
    assert_eq!(order.destination.address.postal_code, "0678");
    let pickup = &order.origin.pickup_windows[0];
    assert_eq!(pickup.start.as_str(), "2023-02-13T10:00+02:00");
    assert_eq!(pickup.start.to_string(), "2023-02-13T10:00+02:00");
    let day = Date::from_calendar_date(2023, Month::February, 13).unwrap();
    let ten = day.with_hms(10, 0, 0).unwrap().assume_offset(UtcOffset::from_hms(2, 0, 0).unwrap());
    let [start, end] = [&pickup.start, &pickup.end].map(|t| t.to_offset_date_time().unwrap());
    assert_eq!((start, end - start), (ten, Duration::hours(10)));
    let delivery = order.destination.delivery_window.as_ref().unwrap();
    assert_eq!(delivery.start.as_str(), "2023-02-13T17:30:00+01:00");
    assert!(delivery.token.as_ref().unwrap().starts_with("20hRsgz8AovrLjeOldJ2Wg=="));
    let verifications = order.destination.verifications.as_ref().unwrap();
    assert_eq!(verifications.minimum_age_check, Some(Number::from(0_u32)));
    assert_eq!(verifications.id_check, Some(false));
    assert_eq!(order.parcels[0].weight_grams, Some(Number::from(600_u32)));
    let item = &order.items.as_ref().unwrap()[0];
    assert_eq!(item.weight_grams, Some(Number::text("600")));
    let price = item.price.as_ref().unwrap();
    assert!(price.fractional_denomination.is_text());
    assert_eq!(price.fractional_denomination.as_u64(), Some(79_900));
    assert_eq!(item.bar_code.as_ref().unwrap().r#type, "CODE128");
    assert_eq!(
        order.status_webhook_url.as_deref(),
        Some("https://api.myshopbackend.com/statusUpdated")
    );
    assert!(order.other.is_empty());
}

/// The newer fields, which the reference does not print.
#[test]
fn the_fields_since_2022_are_read_and_written_back() {
    let mut request: Value = serde_json::from_str(ORDER_REQUEST).unwrap();
    request["tmsReference"] = "TMS-4711".into();
    request["destination"]["verifications"]["confirmCustomerReceipt"] = true.into();
    request["destination"]["verifications"]["deliveryVerification"] = "PHOTO".into();
    let order = read(&request);
    assert_eq!(order.tms_reference.as_deref(), Some("TMS-4711"));
    let verifications = order.destination.verifications.as_ref().unwrap();
    assert_eq!(verifications.confirm_customer_receipt, Some(Value::Bool(true)));
    assert_eq!(verifications.delivery_verification, Some("PHOTO".into()));
    assert_comes_back(&request);
}

#[test]
fn the_reference_comes_back() {
    assert_comes_back(&reference());
}

/// Every field, of every object, has a home: put anything beside it, or leave
/// it away where that is allowed.
#[test]
fn what_is_not_typed_comes_back() {
    for path in [
        "",
        "/origin",
        "/origin/address",
        "/origin/pickupWindows/0",
        "/destination",
        "/destination/address",
        "/destination/deliveryWindow",
        "/destination/verifications",
        "/parcels/0",
        "/items/0",
        "/items/0/price",
        "/items/0/barCode",
    ] {
        let mut request = reference();
        let object = request.pointer_mut(path).unwrap().as_object_mut().unwrap();
        object.insert("new".to_owned(), json!({"a": [1, "2", null, 0.5]}));
        object.insert("none".to_owned(), Value::Null);
        assert_comes_back(&request);
        for name in reference().pointer(path).unwrap().as_object().unwrap().keys() {
            let mut request = request.clone();
            request.pointer_mut(path).unwrap().as_object_mut().unwrap().remove(name);
            match OrderRequest::parse_unverified(request.to_string().as_bytes()) {
                Ok(_) => assert_comes_back(&request),
                Err(error) => {
                    let field = format!("{path}/{name}");
                    let field = field.replacen('/', "", 1).replace("/0", "[0]").replace('/', ".");
                    assert_eq!(error.field(), Some(&*field));
                    assert_eq!(error.kind(), &ParseErrorKind::Missing, "{field}");
                    let object = request.pointer(path).unwrap().to_string();
                    let at = request.to_string().find(&object).unwrap() + object.len();
                    assert_eq!(error.position().unwrap().column, at, "{name}");
                }
            }
        }
    }
}

#[test]
fn a_number_is_a_number_in_either_form() {
    for (number, is_text, whole, nearest) in [
        (json!(600), false, Some(600), Some(600.0)),
        (json!(-600), false, None, Some(-600.0)),
        (json!(0.5), false, None, Some(0.5)),
        (json!(u64::MAX), false, Some(u64::MAX), Some(18_446_744_073_709_551_615.0)),
        (json!("0600"), true, Some(600), Some(600.0)),
        (json!("+600"), true, None, Some(600.0)),
        (json!("-1.5"), true, None, Some(-1.5)),
        (json!("18446744073709551616"), true, None, Some(18_446_744_073_709_551_616.0)),
        (json!("six hundred"), true, None, None),
        (json!("inf"), true, None, None),
        (json!("1e999"), true, None, None),
        (json!(""), true, None, None),
    ] {
        let read: Number = serde_json::from_value(number.clone()).unwrap();
        assert_eq!((read.is_text(), read.as_u64()), (is_text, whole), "{number}");
        assert_eq!(read.as_f64().map(f64::to_bits), nearest.map(f64::to_bits), "{number}");
        assert_eq!(
            [read.to_string(), format!("{read:?}")],
            [number.to_string(), number.to_string()]
        );
    }
}

#[test]
fn forms_are_kept() {
    for (path, value) in [
        ("/origin/pickupWindows/0/start", json!("2023-02-13T10:00Z")),
        ("/origin/pickupWindows/0/start", json!("13.02.2023")),
        ("/origin/pickupWindows/0/start", json!("2023-02-13T10:00:00.500+0200")),
        ("/parcels/0/weightGrams", json!("0600")),
        ("/parcels/0/weightGrams", json!(600.5)),
        ("/parcels/0/weightGrams", json!(-1)),
        ("/parcels/0/weightGrams", json!(u64::MAX)),
        ("/parcels/0/weightGrams", json!("")),
        ("/items", json!([])),
        ("/parcels", json!([])),
        ("/product", json!("")),
    ] {
        let mut request = reference();
        *request.pointer_mut(path).unwrap() = value;
        assert_comes_back(&request);
    }
}

/// What was written of an `f64` is read as the same one, whatever its exponent.
#[test]
fn fractions_stay_the_same() {
    for fraction in ["-5.908694506960798e+233", "5.8159277112269776e-215", "0.1", "5e-324"] {
        let body = ORDER_REQUEST.replacen('{', &format!("{{\"fraction\":{fraction},"), 1);
        let order = OrderRequest::parse_unverified(body.as_bytes()).unwrap();
        let read = order.other["fraction"].as_f64().unwrap();
        assert_eq!(read.to_bits(), fraction.parse::<f64>().unwrap().to_bits(), "{fraction}");
        assert_eq!(OrderRequest::parse_unverified(order.to_json().as_bytes()).unwrap(), order);
    }
}

#[test]
fn what_is_wrong_is_named() {
    for (path, value) in [
        ("/origin/pickupWindows/0/start", json!(["2023-02-13"])),
        ("/parcels/0/weightGrams", json!([1])),
        ("/parcels/0/parcelShipmentIdentifier", json!(true)),
        ("/origin/address/postalCode", json!(165)),
        ("/origin/address", json!("Oslo")),
        ("/items/0/price", json!(true)),
        ("/parcels", json!({})),
    ] {
        let mut request = reference();
        *request.pointer_mut(path).unwrap() = value;
        let error = OrderRequest::parse_unverified(request.to_string().as_bytes()).unwrap_err();
        let field = path.replacen('/', "", 1).replace("/0", "[0]").replace('/', ".");
        assert_eq!(error.field(), Some(&*field));
        assert_eq!(error.kind(), &ParseErrorKind::Invalid("what is expected".into()), "{path}");
    }
    let error = OrderRequest::parse_unverified(
        ORDER_REQUEST.trim_end().strip_suffix('}').unwrap().as_bytes(),
    );
    assert_eq!(
        error.unwrap_err().to_string(),
        format!(
            "unexpected end of the document at line {} column 1",
            ORDER_REQUEST.lines().count()
        )
    );
    assert_eq!(
        OrderRequest::parse_unverified(b"[]").unwrap_err().to_string(),
        "not an object at line 1 column 1"
    );
}
