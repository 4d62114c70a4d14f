//! What a refused question is about, so that its answer can say so.

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::Event;

use crate::bandwidth::PortOutValidationRequest;

/// How much of a refused body is looked at.
pub(super) const SALVAGED_BYTES: usize = 64 * 1024;

/// The PON and the telephone numbers that stand in the first 64 KiB of a body,
/// whatever else is in it: the first PON, and every number.
///
/// It goes by the names of the elements and looks at nothing around them. It stops
/// where the markup cannot be read on. Text that is not complete, or not UTF-8, is
/// left out: a part of a PON or of a number is another one.
pub(super) fn salvage(body: &[u8]) -> PortOutValidationRequest {
    let text = String::from_utf8_lossy(body.get(..SALVAGED_BYTES).unwrap_or(body));
    let mut events = Reader::from_str(&text);
    let config = events.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;

    let mut found = PortOutValidationRequest::default();
    // The last start tag, and the text since then.
    let mut open: Option<(String, String)> = None;
    loop {
        match events.read_event() {
            Ok(Event::Start(tag)) => {
                open = Some((tag.name().into_inner().to_owned(), String::new()));
            }
            Ok(Event::Text(text)) => append(&mut open, Some(&text.xml10_content())),
            Ok(Event::CData(text)) => append(&mut open, Some(&text.xml10_content())),
            Ok(Event::GeneralRef(reference)) => match reference.resolve_char_ref() {
                Ok(Some(c)) => append(&mut open, Some(c.encode_utf8(&mut [0; 4]))),
                _ => append(&mut open, resolve_xml_entity(&reference)),
            },
            Ok(Event::End(tag)) => {
                let closed = open.take().filter(|(name, _)| name == tag.name().into_inner());
                if let Some((name, text)) = closed {
                    take(&mut found, &name, text.trim());
                }
            }
            Ok(Event::Empty(_)) => open = None,
            Ok(Event::Eof) | Err(_) => return found,
            Ok(_) => {}
        }
    }
}

/// Text whose reference is not known is not known itself.
fn append(open: &mut Option<(String, String)>, text: Option<&str>) {
    match (open.as_mut(), text) {
        (Some((_, known)), Some(text)) => known.push_str(text),
        _ => *open = None,
    }
}

fn take(found: &mut PortOutValidationRequest, name: &str, text: &str) {
    match name {
        _ if text.is_empty() || text.contains(char::REPLACEMENT_CHARACTER) => {}
        "PON" if found.pon.is_none() => found.pon = Some(text.to_owned()),
        "TelephoneNumber" => found.telephone_numbers.push(text.into()),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_read_of_a_refused_body() {
        let number = "<TelephoneNumber>2223331000</TelephoneNumber>";
        let many = format!("{number}{}{number}", " ".repeat(SALVAGED_BYTES));
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
            let found = salvage(body.as_bytes());
            let numbers_found: Vec<_> = found
                .telephone_numbers
                .iter()
                .map(crate::bandwidth::TelephoneNumber::as_str)
                .collect();
            let outcome = (found.pon.as_deref(), &numbers_found[..]);
            assert_eq!(outcome, (pon, numbers), "{body:.80}");
            let others = (found.pin, found.account_number, found.zip_code, found.subscriber_name);
            assert_eq!(others, (None, None, None, None), "{body:.80}");
        }
        let found = salvage(b"\xff\xfe<PON>p\xff</PON><PON>q</PON>");
        assert_eq!(found.pon.as_deref(), Some("q"));
    }
}
