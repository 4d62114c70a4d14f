use super::*;

#[track_caller]
fn contains(entry: &str, address: &str) -> bool {
    Allowlist::new([entry]).unwrap().contains(address.parse().unwrap())
}

#[test]
fn addresses_and_networks() {
    for (entry, address, inside) in [
        ("203.0.113.7", "203.0.113.7", true),
        ("203.0.113.7", "203.0.113.6", false),
        ("203.0.113.7/32", "203.0.113.7", true),
        ("198.51.100.0/24", "198.51.100.0", true),
        ("198.51.100.0/24", "198.51.100.255", true),
        ("198.51.100.0/24", "198.51.101.0", false),
        ("198.51.100.9/24", "198.51.100.1", true),
        ("128.0.0.0/1", "255.0.0.1", true),
        ("128.0.0.0/1", "127.0.0.1", false),
        ("2001:db8::/32", "2001:db8:ffff::1", true),
        ("2001:db8::/32", "2001:db9::1", false),
        ("2001:db8::1", "2001:db8::1", true),
        ("2001:db8::1", "2001:db8::2", false),
        ("203.0.113.7", "::ffff:203.0.113.7", true),
        ("::ffff:203.0.113.7", "203.0.113.7", true),
        ("::ffff:203.0.113.0/120", "203.0.113.9", true),
        ("::ffff:203.0.113.0/120", "203.0.114.9", false),
        ("203.0.113.7", "2001:db8::1", false),
        ("2001:db8::1", "203.0.113.7", false),
    ] {
        assert_eq!(contains(entry, address), inside, "{entry} {address}");
    }
}

#[test]
fn an_address_that_is_not_known_is_in_no_list() {
    let list = Allowlist::new(["0.0.0.0/1", "::/1"]).unwrap();
    for unknown in ["0.0.0.0", "::", "::ffff:0.0.0.0"] {
        assert!(!list.contains(unknown.parse().unwrap()), "{unknown}");
    }
    assert!(list.contains("0.0.0.1".parse().unwrap()));
    assert!(!list.contains(crate::PeerAddress::UNKNOWN.0));
}

#[test]
fn a_head_needs_an_address_of_the_list() {
    let list = Allowlist::new(["203.0.113.7"]).unwrap();
    let headers: [(&str, &str); 0] = [];
    let head = Head::new("POST", &headers);
    assert_eq!(list.authenticate(&head), Err(Reason::AddressUnknown));
    let from = |address: &str| head.with_peer(address.parse().unwrap());
    let stranger = "203.0.113.8".parse().unwrap();
    let refused = Err(Reason::AddressRefused(stranger));
    assert_eq!(list.authenticate(&head.with_peer(stranger)), refused);
    for missing in ["0.0.0.0", "::", "::ffff:0.0.0.0"] {
        assert_eq!(list.authenticate(&from(missing)), Err(Reason::AddressMissing));
    }
    assert_eq!(list.authenticate(&from("203.0.113.7")), Ok(()));
}
