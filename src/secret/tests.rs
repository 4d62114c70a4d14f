use super::*;

#[test]
fn base64_has_one_spelling() {
    for (text, expected) in [
        ("c3dvcmRmaXNo", Ok("swordfish")),
        ("c3dvcmQ=", Ok("sword")),
        ("", Err(ConfigError::EmptySecret)),
        ("whsec_c3dvcmQ=", Err(ConfigError::NotBase64)),
        ("c3dvcmQ", Err(ConfigError::NotBase64)),
        ("c3dvcmR=", Err(ConfigError::NotBase64)),
        ("c3dvcmQ=\n", Err(ConfigError::NotBase64)),
        (" c3dvcmQ=", Err(ConfigError::NotBase64)),
    ] {
        let secret = Secret::from_base64(text).map(|secret| secret.expose().to_vec());
        assert_eq!(secret, expected.map(Into::into), "{text:?}");
    }
}

#[test]
fn the_bytes_come_back_and_do_not_show() {
    let secret = Secret::new("Swordfish").unwrap();
    assert_eq!(secret.expose(), b"Swordfish");
    assert_eq!(format!("{secret:?}"), "Secret(redacted)");
    assert_eq!(Secret::from_bytes(b"\n\xff ").unwrap().expose(), b"\n\xff ");
}

#[test]
fn its_memory_is_wiped() {
    fn wiped<T: zeroize::ZeroizeOnDrop>(_: &T) {}
    wiped(&Secret::new("Swordfish").unwrap().0);
}

#[test]
fn text_that_a_slip_has_damaged_is_refused() {
    for (text, slip) in [
        ("key\n", "ends with a line end"),
        ("key\r\n", "ends with a line end"),
        ("\nkey", "begins with a line end"),
        ("key\u{2028}", "ends with a line end"),
        (" key", "begins with white space"),
        ("key ", "ends with white space"),
        ("key\t", "ends with white space"),
        ("\u{a0}key", "begins with white space"),
        ("   ", "begins with white space"),
        ("\u{feff}key", "begins with a byte order mark"),
        ("key\u{feff}", "ends with a byte order mark"),
        ("key\u{200b}", "ends with an invisible character"),
        ("\u{202a}key", "begins with an invisible character"),
        ("key\0", "ends with a control character"),
        ("\u{7f}key", "begins with a control character"),
    ] {
        let value = "secret";
        let error = Secret::new(text).unwrap_err();
        assert_eq!(error, ConfigError::Damaged { value, slip }, "{text:?}");
    }
    for text in ["k", "a key", "a\nb", "\u{e9}\u{1f511}"] {
        assert_eq!(Secret::new(text).unwrap().expose(), text.as_bytes());
    }
}
