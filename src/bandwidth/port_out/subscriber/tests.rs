use super::*;
use DenialReason as R;

/// What the denial says would have been accepted.
#[track_caller]
fn told(subscriber: &Subscriber, request: &PortOutValidationRequest) -> AcceptableValues {
    match subscriber.judge(request) {
        PortOutAnswer::Allow => panic!("allowed"),
        PortOutAnswer::Deny(denial) => denial.acceptable().clone(),
    }
}

fn subscriber() -> Subscriber {
    Subscriber::new("AB-0777", ["2223331000", "+1 (222) 333-1001", "none", "333"])
        .unwrap()
        .with_pin("0111")
        .unwrap()
        .with_zip_code("02154-1234")
        .unwrap()
        .with_inactive_numbers(["2223331002"])
        .with_most_numbers(2)
}

fn request(edit: impl FnOnce(&mut PortOutValidationRequest)) -> PortOutValidationRequest {
    let mut request = PortOutValidationRequest {
        pon: Some("some_pon".into()),
        pin: Some("0111".into()),
        account_number: Some("AB-0777".into()),
        zip_code: Some("02154".into()),
        subscriber_name: None,
        telephone_numbers: vec!["2223331000".into()],
    };
    edit(&mut request);
    request
}

#[track_caller]
fn reasons(subscriber: &Subscriber, request: &PortOutValidationRequest) -> Vec<DenialReason> {
    match subscriber.judge(request) {
        PortOutAnswer::Allow => Vec::new(),
        PortOutAnswer::Deny(denial) => denial.reasons().collect(),
    }
}

#[test]
fn what_a_back_office_would_take_for_the_same_is_allowed() {
    type Edit = fn(&mut PortOutValidationRequest);
    let edits: [Edit; 9] = [
        |_| {},
        |r| r.account_number = Some(" ab 0777 ".into()),
        |r| r.pin = Some(" 0111\n".into()),
        |r| r.zip_code = Some("02154-9999".into()),
        |r| r.zip_code = Some("021541234".into()),
        |r| r.telephone_numbers = vec!["+12223331000".into(), "222-333-1001".into()],
        |r| r.telephone_numbers = vec!["12223331000".into()],
        |r| r.telephone_numbers = vec!["2223331000".into(); 5],
        |r| r.subscriber_name = Some("Anyone".into()),
    ];
    for (position, edit) in edits.into_iter().enumerate() {
        assert_eq!(subscriber().judge(&request(edit)), PortOutAnswer::Allow, "{position}");
    }
}

#[test]
fn every_fault_has_its_code() {
    type Edit = fn(&mut PortOutValidationRequest);
    let table: [(Edit, &[DenialReason]); 25] = [
        (|r| r.account_number = None, &[R::AccountNumberMissing]),
        (|r| r.account_number = Some(" - ".into()), &[R::AccountNumberMissing]),
        (|r| r.account_number = Some("AB-777".into()), &[R::AccountNumberInvalid]),
        (|r| r.pin = None, &[R::PinMissing]),
        (|r| r.pin = Some("111".into()), &[R::PinInvalid]),
        (|r| r.pin = Some("0111 0".into()), &[R::PinInvalid]),
        (|r| r.zip_code = None, &[R::ZipCodeMissing]),
        (|r| r.zip_code = Some("2154".into()), &[R::ZipCodeInvalid]),
        (|r| r.zip_code = Some("02155-1234".into()), &[R::ZipCodeInvalid]),
        (|r| r.zip_code = Some("021549".into()), &[R::ZipCodeInvalid]),
        (|r| r.telephone_numbers[0] = "2223339999".into(), &[R::TelephoneNumberUnknown]),
        (|r| r.telephone_numbers[0] = "1333".into(), &[R::TelephoneNumberUnknown]),
        (|r| r.telephone_numbers[0] = "anonymous".into(), &[R::TelephoneNumberUnknown]),
        (|r| r.telephone_numbers[0] = "222333A1000".into(), &[R::TelephoneNumberUnknown]),
        (|r| r.telephone_numbers[0] = "2223331000\u{ff11}".into(), &[R::TelephoneNumberUnknown]),
        (|r| r.telephone_numbers[0] = "222333100\u{ff10}".into(), &[R::TelephoneNumberUnknown]),
        (|r| r.telephone_numbers[0] = "+2223331000".into(), &[R::TelephoneNumberUnknown]),
        (|r| r.telephone_numbers[0] = "none".into(), &[R::TelephoneNumberUnknown]),
        // A stranger's number among the customer's own, first, last and in between.
        (
            |r| r.telephone_numbers = vec!["2223339999".into(), "2223331000".into()],
            &[R::TelephoneNumberUnknown],
        ),
        (
            |r| r.telephone_numbers = vec!["2223331000".into(), "2223339999".into()],
            &[R::TelephoneNumberUnknown],
        ),
        (|r| r.telephone_numbers = vec![], &[R::TelephoneNumberUnknown]),
        (
            |r| r.telephone_numbers = vec!["2223331002".into(), "2223339999".into()],
            &[R::TelephoneNumberUnknown, R::TelephoneNumberInactive],
        ),
        (|r| r.telephone_numbers[0] = "2223331002".into(), &[R::TelephoneNumberInactive]),
        (
            |r| {
                r.telephone_numbers =
                    vec!["2223331000".into(), "2223331001".into(), "2223331002".into()];
            },
            &[R::TooManyTelephoneNumbers, R::TelephoneNumberInactive],
        ),
        (
            |r| {
                (r.account_number, r.pin, r.zip_code) = (None, Some("9".into()), None);
                r.telephone_numbers[0] = "2223339999".into();
            },
            &[R::AccountNumberMissing, R::PinInvalid, R::ZipCodeMissing, R::TelephoneNumberUnknown],
        ),
    ];
    for (position, (edit, expected)) in table.into_iter().enumerate() {
        assert_eq!(reasons(&subscriber(), &request(edit)), expected, "{position}");
    }
}

/// White space, hyphens and case are taken away from an account number, and nothing
/// else.
#[test]
fn which_account_numbers_are_the_same() {
    for (on_file, given, same) in [
        ("77-7", "777", true),
        ("77-7", " 7 7\t7\n", true),
        ("77-7", "7\u{2011}77", true),
        ("77-7", "7\u{a0}77", true),
        ("Ab-7", "aB7", true),
        ("77-7", "7_7*7!", false),
        ("77-7", "(777)", false),
        ("77-7", "77.7", false),
        ("77-7", "777\u{301}", false),
        ("77-7", "777\u{200b}", false),
        ("77-7", "777\0", false),
        ("77-7", "\u{ff17}77", false),
        ("77-7", "7777", false),
        ("77-7", "77", false),
        ("77.7", "777", false),
        ("77.7", "77.7", true),
    ] {
        let subscriber = Subscriber::new(on_file, ["2223331000"]).unwrap();
        let request = request(|r| r.account_number = Some(given.into()));
        let allowed = subscriber.judge(&request) == PortOutAnswer::Allow;
        assert_eq!(allowed, same, "{on_file:?} and {given:?}");
    }
}

#[test]
fn which_zip_codes_are_the_same() {
    for (on_file, given, same) in [
        ("02154", "02154", true),
        ("02154", "02154-1234", true),
        ("02154", "021541234", true),
        ("02154", " 0215 4", true),
        ("02154-1234", "02154", true),
        ("02154-1234", "02154-9999", true),
        ("k1a 0b1", "K1A0B1", true),
        ("02154", "0.2.1.5.4", false),
        ("02154", "02154.1234", false),
        ("02154", "0215412345", false),
        ("0215412345", "02154", false),
        ("0215412345", "0215412345", true),
        ("02154", "02154123", false),
        ("02154", "2154", false),
        ("02154", "\u{ff10}2154", false),
        ("02154", "02154\u{301}", false),
    ] {
        let subscriber = subscriber().with_zip_code(on_file).unwrap();
        let request = request(|r| r.zip_code = Some(given.into()));
        let allowed = subscriber.judge(&request) == PortOutAnswer::Allow;
        assert_eq!(allowed, same, "{on_file:?} and {given:?}");
    }
}

/// Four digits follow five in the United States; elsewhere nine characters are
/// a code of their own.
#[test]
fn a_zip_code_of_nine_characters_that_are_not_digits_is_compared_whole() {
    let subscriber = subscriber().with_zip_code("ABCDE-1234").unwrap();
    let zip = |code: &str| request(|r| r.zip_code = Some(code.into()));
    assert_eq!(reasons(&subscriber, &zip("abcde1234")), []);
    assert_eq!(reasons(&subscriber, &zip("ABCDE-9999")), [R::ZipCodeInvalid]);
}

#[test]
fn a_name_counts_if_the_record_has_one() {
    let subscriber = subscriber().with_name("O'Neil & Sons, Inc.").unwrap();
    let named = |name: &str| request(|r| r.subscriber_name = Some(name.into()));
    assert_eq!(reasons(&subscriber, &named("ONEIL  SONS INC")), []);
    assert_eq!(reasons(&subscriber, &named("Oneil & Daughters")), [R::CustomerMismatch]);
    assert_eq!(reasons(&subscriber, &named("O\u{2019}Neil & Sons Inc")), []);
    assert_eq!(reasons(&subscriber, &named("O'Nei\u{301}l & Sons Inc")), [R::CustomerMismatch]);
    assert_eq!(reasons(&subscriber, &named("ONeilSons Inc")), [R::CustomerMismatch]);
    assert_eq!(reasons(&subscriber, &request(|_| {})), [R::CustomerMismatch]);
}

#[test]
fn a_record_without_pin_and_zip_code_asks_for_neither() {
    let subscriber = Subscriber::new("AB-0777", ["2223331000"]).unwrap();
    let bare = request(|r| (r.pin, r.zip_code) = (None, None));
    assert_eq!(subscriber.judge(&bare), PortOutAnswer::Allow);
    assert_eq!(subscriber.judge(&request(|r| r.pin = Some("9".into()))), PortOutAnswer::Allow);
}

#[test]
fn what_would_have_been_accepted_is_told_as_the_record_has_it() {
    let all_wrong = request(|r| {
        r.account_number = Some("1".into());
        r.pin = Some("1".into());
        r.zip_code = Some("1".into());
        r.subscriber_name = Some("Ane".into());
        r.telephone_numbers = vec!["+12223331001".into(), "2223339999".into()];
    });
    let expected = AcceptableValues::new()
        .with_account_number("AB-0777")
        .with_pin("0111")
        .with_zip_code("02154-1234")
        .with_subscriber_name("Ane B.")
        .with_telephone_numbers(["+12223331001".into()]);
    let told_all = told(&subscriber().with_name(" Ane B. ").unwrap(), &all_wrong);
    assert_eq!(told_all, expected);
    // The spelling of the request is kept.
    assert_eq!(told_all.telephone_numbers[0].as_str(), "+12223331001");
    let expected =
        AcceptableValues::new().with_pin("0111").with_telephone_numbers(["2223331000".into()]);
    assert_eq!(told(&subscriber(), &request(|r| r.pin = None)), expected);
}

/// "At least one of the fields that would have made the request valid, and the
/// telephone numbers considered valid".
#[test]
fn a_denial_for_a_number_tells_what_makes_the_request_valid() {
    let own = |numbers: &[&str]| {
        let numbers = numbers.iter().copied().map(TelephoneNumber::from);
        AcceptableValues::new().with_telephone_numbers(numbers)
    };
    let numbers = |numbers: &[&str]| {
        request(|r| r.telephone_numbers = numbers.iter().copied().map(Into::into).collect())
    };
    for (asked, acceptable) in [
        (&["2223339999"][..], own(&["2223331000", "2223331001"])),
        (&["2223331002"], own(&["2223331000", "2223331001"])),
        (&["2223331001", "2223339999"], own(&["2223331001"])),
        (&["2223331000", "2223331001", "2223331002"], own(&["2223331000", "2223331001"])),
    ] {
        assert_eq!(told(&subscriber(), &numbers(asked)), acceptable, "{asked:?}");
    }
    let one = subscriber().with_most_numbers(1);
    assert_eq!(told(&one, &numbers(&["2223331001", "2223331000"])), own(&["2223331000"]));
    assert_eq!(told(&one, &numbers(&["2223339999"])), own(&["2223331000"]));
    // Without a number to tell of, the account is told.
    let account = AcceptableValues::new().with_account_number("AB-0777");
    let none = Subscriber::new("AB-0777", [""; 0]).unwrap();
    assert_eq!(told(&none, &request(|_| {})), account);
    assert_eq!(told(&subscriber().with_most_numbers(0), &request(|_| {})), account);
    let many = (0..1000).map(|n| format!("222444{n:04}"));
    let many = Subscriber::new("AB-0777", many).unwrap();
    assert_eq!(told(&many, &request(|_| {})).telephone_numbers.len(), 100);
}

/// The record is not of the customer whose number it is.
#[test]
fn a_request_about_another_customer_is_told_nothing() {
    let about_another = |account: Option<&str>| {
        request(|r| {
            r.account_number = account.map(str::to_owned);
            r.pin = None;
            r.telephone_numbers = vec!["2223339999".into()];
        })
    };
    for account in [None, Some("778")] {
        assert_eq!(told(&subscriber(), &about_another(account)), AcceptableValues::new());
    }
    assert_ne!(told(&subscriber(), &about_another(Some("AB-0777"))), AcceptableValues::new());
    let of_this = request(|r| r.account_number = Some("778".into()));
    assert_eq!(told(&subscriber(), &of_this).account_number.as_deref(), Some("AB-0777"));
}

#[test]
fn records_that_lack_a_field_need_no_case_of_their_own() {
    for (pin, zip_code, name) in [(None, None, None), (Some("1"), Some("2"), Some("N"))] {
        let subscriber = Subscriber::new("AB-0777", ["2223331000"])
            .and_then(|subscriber| subscriber.with_pin(pin))
            .and_then(|subscriber| subscriber.with_zip_code(zip_code))
            .and_then(|subscriber| subscriber.with_name(name))
            .unwrap();
        let request = request(|r| {
            (r.pin, r.zip_code) = (pin.map(str::to_owned), zip_code.map(str::to_owned));
            r.subscriber_name = name.map(str::to_owned);
        });
        assert_eq!(subscriber.judge(&request), PortOutAnswer::Allow);
        let other = subscriber.judge(&self::request(|_| {}));
        assert_eq!(other == PortOutAnswer::Allow, pin.is_none(), "{pin:?}");
    }
}

#[test]
fn a_record_that_would_match_nothing_given_cannot_be_built() {
    let numbers = ["2223331000"];
    assert_eq!(Subscriber::new(" - ", numbers).unwrap_err(), ConfigError::EmptySecret);
    let build = || Subscriber::new("1", numbers).unwrap();
    assert_eq!(build().with_pin(" ").unwrap_err(), ConfigError::EmptySecret);
    assert_eq!(build().with_zip_code("-").unwrap_err(), ConfigError::EmptySecret);
    assert_eq!(build().with_name("'").unwrap_err(), ConfigError::EmptySecret);
}

#[test]
fn debug_shows_no_customer_data() {
    assert_eq!(format!("{:?}", subscriber()), "Subscriber { active: 2, inactive: 1, .. }");
}
