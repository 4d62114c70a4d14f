//! Text as XML content, and which characters XML can hold.

use std::borrow::Cow;

use quick_xml::escape::partial_escape;

/// Appends `<name>text</name>`, with the markup and the carriage returns in the
/// text escaped.
pub(crate) fn element_into(xml: &mut String, name: &str, text: &str) {
    let text = partial_escape(holdable(Cow::Borrowed(text)));
    xml.extend(["<", name, ">", &text, "</", name, ">"]);
}

/// The text with a replacement character, U+FFFD, for each character that XML
/// cannot hold (production 2). It is the policy for what is read and for what is
/// written.
pub(crate) fn holdable(text: Cow<'_, str>) -> Cow<'_, str> {
    if is_plain(&text) || !text.contains(is_not_allowed) {
        return text;
    }
    Cow::Owned(text.replace(is_not_allowed, "\u{fffd}"))
}

/// Whether a quick look finds neither such a character nor a carriage return.
pub(crate) fn is_plain(text: &str) -> bool {
    // No early exit, so that the loop is vectorized. U+FFFE and U+FFFF begin with
    // the byte 0xEF.
    let suspicious = |byte| byte == b'\r' || byte == 0xef || is_control(byte);
    !text.bytes().fold(false, |any, byte| any | suspicious(byte))
}

fn is_control(byte: u8) -> bool {
    byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r')
}

/// A `char` is no surrogate, so these are left.
fn is_not_allowed(c: char) -> bool {
    matches!(c, '\u{fffe}' | '\u{ffff}') || u8::try_from(c).is_ok_and(is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let mut xml = String::new();
        element_into(&mut xml, "A", "a<b>&c;]]>\r\n\t\"'\0\x1b\u{FFFE}é\u{1F600}");
        let document = roxmltree::Document::parse(&xml).unwrap();
        assert_eq!(
            document.root_element().text(),
            Some("a<b>&c;]]>\r\n\t\"'\u{FFFD}\u{FFFD}\u{FFFD}é\u{1F600}")
        );
    }
}
