use super::*;
use crate::bandwidth::AcceptableValues;

/// Three customers, `1` to `3`, each with two numbers and its own PIN.
fn subscribers() -> Subscribers {
    let records = (1..=3).map(|n| {
        let numbers = [format!("222333{n}001"), format!("+1 222 333 {n}002")];
        let record = Subscriber::new(&n.to_string(), numbers).unwrap();
        record.with_pin(&*format!("{n}{n}{n}{n}")).unwrap()
    });
    Subscribers::new(records).unwrap()
}

fn request(account: &str, pin: &str, numbers: &[&str]) -> PortOutValidationRequest {
    PortOutValidationRequest {
        account_number: Some(account.into()),
        pin: Some(pin.into()),
        telephone_numbers: numbers.iter().copied().map(Into::into).collect(),
        ..Default::default()
    }
}

/// The reasons and what is told, or nothing if the port-out is allowed.
fn judged(request: &PortOutValidationRequest) -> Option<(Vec<u16>, AcceptableValues)> {
    match subscribers().judge(request) {
        PortOutAnswer::Allow => None,
        PortOutAnswer::Deny(denial) => {
            Some((denial.reasons().map(DenialReason::code).collect(), denial.acceptable().clone()))
        }
    }
}

#[test]
fn a_customer_is_found_by_its_numbers_in_every_form() {
    for number in ["2223332001", "+12223332001", "222-333-2001", " 2223332001 ", "2223332002"] {
        assert_eq!(judged(&request("2", "2222", &[number])), None, "{number}");
        assert!(subscribers().find(&number.into()).is_some());
    }
    assert_eq!(judged(&request("2", "2222", &["2223332001", "+12223332002"])), None);
    assert!(subscribers().find(&"2223339999".into()).is_none());
    let moving = Subscriber::new("4", ["2223334001"]).unwrap();
    let moving = Subscribers::new([moving.with_inactive_numbers(["2223334002"])]).unwrap();
    assert!(moving.find(&"2223334002".into()).is_some());
}

#[test]
fn the_customer_with_the_numbers_judges() {
    let acceptable =
        AcceptableValues::new().with_pin("2222").with_telephone_numbers(["2223332001".into()]);
    let wrong_pin = request("2", "1111", &["2223332001"]);
    assert_eq!(judged(&wrong_pin), Some((vec![7513], acceptable)));
    // A number that nobody has, among those of a customer.
    let acceptable = AcceptableValues::new().with_telephone_numbers(["2223332001".into()]);
    for numbers in [["2223332001", "2223339999"], ["2223339999", "2223332001"]] {
        let stranger = request("2", "2222", &numbers);
        assert_eq!(judged(&stranger), Some((vec![7516], acceptable.clone())));
    }
}

#[test]
fn numbers_of_two_customers_are_refused_and_neither_is_told_of_the_other() {
    let acceptable = AcceptableValues::new().with_telephone_numbers(["2223332001".into()]);
    for numbers in [["2223331001", "2223332001"], ["2223332001", "2223331001"]] {
        let of_two = request("2", "2222", &numbers);
        assert_eq!(judged(&of_two), Some((vec![7516], acceptable.clone())), "{numbers:?}");
        let of_none = request("3", "2222", &numbers);
        assert_eq!(judged(&of_none), Some((vec![7516], AcceptableValues::new())), "{numbers:?}");
    }
    let three = request("3", "3333", &["2223331001", "2223332001", "2223333001"]);
    let acceptable = AcceptableValues::new().with_telephone_numbers(["2223333001".into()]);
    assert_eq!(judged(&three), Some((vec![7516], acceptable)));
}

#[test]
fn numbers_that_nobody_has_are_unknown() {
    for number in ["2223339999", "2223331001\u{ff11}", "none", "+2223331001"] {
        let unknown = request("1", "1111", &[number]);
        assert_eq!(judged(&unknown), Some((vec![7516], AcceptableValues::new())), "{number}");
    }
    assert_eq!(judged(&request("1", "1111", &[])).map(|told| told.0), Some(vec![7516]));
}

#[test]
fn records_that_cannot_be_told_apart_are_refused() {
    use ConfigError as C;
    let record = |account, numbers: [&str; 2]| Subscriber::new(account, numbers).unwrap();
    let first = || record("77-7", ["2223331001", "2223331002"]);
    for (second, conflict) in [
        (record("778", ["2223331003", "2223331004"]), None),
        // A number can be both active and not in one record.
        (record("778", ["2223331003", "2223331004"]).with_inactive_numbers(["2223331003"]), None),
        (record("778", ["2223331005", "(222) 333-1002"]), Some(C::NumberTwice { position: 2 })),
        (
            record("778", ["2223331007", "2223331008"]).with_inactive_numbers(["2223331001"]),
            Some(C::NumberTwice { position: 2 }),
        ),
        (record("7 77", ["2223331003", "2223331004"]), Some(C::AccountTwice { position: 2 })),
        (record("77.7", ["2223331003", "2223331004"]), None),
    ] {
        let numbers: Vec<_> = second.numbers().map(|number| number.as_str().to_owned()).collect();
        assert_eq!(Subscribers::new([first(), second]).err(), conflict, "{numbers:?}");
    }
}

#[test]
fn debug_shows_no_customer_data() {
    assert_eq!(format!("{:?}", subscribers()), "Subscribers { records: 3, .. }");
}
