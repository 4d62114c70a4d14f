use super::*;

#[test]
fn a_message_has_field_kind_and_place() {
    let error = ParseError::new(ParseErrorKind::Invalid("a timestamp".into()));
    assert_eq!(error.to_string(), "not a timestamp");
    let position = Position { line: 2, column: 36 };
    let error = error.at_position(position).in_field("order_item_updated");
    let whole = "order_item_updated: not a timestamp at line 2 column 36";
    assert_eq!(error.to_string(), whole);
    assert_eq!(error.field(), Some("order_item_updated"));
    assert_eq!(error.position(), Some(position));
}

#[test]
fn a_position_counts_lines_and_bytes_from_one() {
    let body = "{\n \"é\": 1\n}".as_bytes();
    for (offset, line, column) in [(0, 1, 1), (1, 1, 2), (2, 2, 1), (8, 2, 7), (11, 3, 1)] {
        let error = ParseError::new(ParseErrorKind::Missing).at_offset(body, offset);
        assert_eq!(error.position(), Some(Position { line, column }), "{offset}");
    }
    let error = ParseError::new(ParseErrorKind::Missing).in_field("a").at_offset(body, 8);
    assert_eq!(error.to_string(), "a: missing at line 2 column 7");
}

/// Editors do not count a byte order mark.
#[test]
fn a_byte_order_mark_is_not_counted() {
    let body = "\u{feff}\u{feff}{\n}";
    for (offset, line, column) in [(0, 1, 1), (2, 1, 1), (6, 1, 1), (7, 1, 2), (8, 2, 1)] {
        let error = ParseError::new(ParseErrorKind::Missing).at_offset(body.as_bytes(), offset);
        assert_eq!(error.position(), Some(Position { line, column }), "{offset}");
    }
}

#[test]
fn the_first_field_and_the_first_place_stay() {
    let error = ParseError::new(ParseErrorKind::Missing)
        .at_offset(b"{}", 1)
        .in_field("inner")
        .at_offset(b"{}", 2)
        .in_field("outer");
    assert_eq!(error.to_string(), "inner: missing at line 1 column 2");
}
