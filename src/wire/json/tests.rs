use super::*;

const MUSEMENT: &[u8] = br#"{"order_id":"13459345","order_uuid":"8e9e5c6e-ea7d-4934-8753-f00954f30d00","order_created":"2018-12-10T13:12:40+0000","order_updated":"2018-12-10T13:12:40+0000","order_version":"16","order_item_uuid":"11045e18-e3ca-42e1-acb4-0d5be75036fd","order_item_created":"2018-12-10T13:12:40+0000","order_item_updated":"2018-12-10T13:12:40+0000","order_item_version":"22","order_item_status":"OK"}"#;

#[test]
fn a_plain_object_is_read() {
    let (required, optional) =
        text_fields(MUSEMENT, &["order_id", "order_item_status"], &["order_version", "x"]).unwrap();
    assert_eq!(required[0], Text { value: "13459345".into(), at: Some(12) });
    assert_eq!(required[1].value, "OK");
    assert_eq!(optional[0].as_ref().unwrap().value, "16");
    assert_eq!(optional[1], None);
}
