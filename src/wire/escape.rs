//! Text as XML content.

/// Appends text so that a reader of the document gets it back. A character that
/// XML 1.0 cannot hold at all becomes U+FFFD.
pub(crate) fn escape_into(xml: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '\r' => xml.push_str("&#13;"),
            '\t' | '\n' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'.. => {
                xml.push(character);
            }
            _ => xml.push('\u{FFFD}'),
        }
    }
}

/// Appends `<name>text</name>`.
pub(crate) fn element_into(xml: &mut String, name: &str, text: &str) {
    xml.push('<');
    xml.push_str(name);
    xml.push('>');
    escape_into(xml, text);
    xml.push_str("</");
    xml.push_str(name);
    xml.push('>');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_markup_is_escaped_and_what_xml_cannot_hold_is_replaced() {
        let mut xml = String::new();
        element_into(&mut xml, "A", "a<b>&c;]]>\r\n\t\"'\0\x1b\u{FFFE}é\u{1F600}");
        let expected =
            "<A>a&lt;b&gt;&amp;c;]]&gt;&#13;\n\t\"'\u{FFFD}\u{FFFD}\u{FFFD}é\u{1F600}</A>";
        assert_eq!(xml, expected);
    }
}
