#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test are small")]

use std::borrow::Cow;

use super::{Reader, element_into};
use crate::error::{ParseError, ParseErrorKind};

mod oracle;
mod refused;
mod suite;

/// The text of a root element `a`.
#[track_caller]
fn text_of(body: &str) -> Cow<'_, str> {
    let mut reader = Reader::open(body.as_bytes(), "a").unwrap();
    let text = reader.text().unwrap();
    reader.finish().unwrap();
    text
}

/// What is wrong with the document, as it is said.
fn read(body: &[u8]) -> Result<(), ParseError> {
    Reader::open_any(body)?.0.finish()
}

#[test]
fn text_is_one_value_however_it_is_written() {
    for (content, text) in [
        ("", ""),
        (" \t\r\n", ""),
        ("1234", "1234"),
        (" 1234\n", "1234"),
        ("\r\n\t12 34\r\n", "12 34"),
        ("12<!--c--><![CDATA[34]]>", "1234"),
        ("12<?pi c?>34", "1234"),
        ("<![CDATA[<b>&amp;]]>", "<b>&amp;"),
        ("<![CDATA[]]>", ""),
        ("<![CDATA[]]]]><![CDATA[>]]>", "]]>"),
        ("<![CDATA[ 1\r\n2 ]]>", "1\n2"),
        ("a&amp;b", "a&b"),
        ("&lt;&gt;&amp;&apos;&quot;", "<>&'\""),
        ("&#33;&#x21;&#x00000021;", "!!!"),
        ("&#32;&#9;1&#13;&#10;2&#xA;", "1\r\n2"),
        ("1\r\n2\r3\n4\r\r5", "1\n2\n3\n4\n\n5"),
        ("]] > ]>", "]] > ]>"),
        ("]&#93;>", "]]>"),
        ("]]>", "]]>"),
        // What XML cannot hold.
        ("\0\u{1}\u{c}\u{1b}\u{fffe}\u{ffff}", &"\u{fffd}".repeat(6)),
        ("&#0;&#8;&#xC;&#xD800;&#xFFFE;&#x110000;", &"\u{fffd}".repeat(6)),
        ("&#;&#x;&#X21;&#+33;&#4294967329;&#99999999999999999999;", &"\u{fffd}".repeat(6)),
        ("<![CDATA[\u{c}]]>", "\u{fffd}"),
        // Two halves of a pair are one character, and a half alone is none.
        ("&#55357;&#56877;", "\u{1f62d}"),
        ("&#xd83d;&#56877;", "\u{1f62d}"),
        ("a&#xD83D;<!-- -->&#xDE2D;b", "a\u{1f62d}b"),
        ("&#55357;", "\u{fffd}"),
        ("&#56877;", "\u{fffd}"),
        ("&#56877;&#55357;", "\u{fffd}\u{fffd}"),
        ("&#55357;&#55357;&#56877;&#56877;", "\u{fffd}\u{1f62d}\u{fffd}"),
        ("&#55357;-&#56877;", "\u{fffd}-\u{fffd}"),
        ("&#55357;&#65;", "\u{fffd}A"),
        ("\u{fffd}&#56877;", "\u{fffd}\u{fffd}"),
        ("&#+55357;&#+56877;", "\u{fffd}\u{fffd}"),
        ("é\u{1f600}&#x1F600;", "é\u{1f600}\u{1f600}"),
        ("\u{a0}1\u{a0}", "\u{a0}1\u{a0}"),
    ] {
        let body = format!("<a>{content}</a>");
        assert_eq!(text_of(&body), text, "{content:?}");
    }
}

#[test]
fn plain_text_is_borrowed() {
    for content in ["1234", " 1234 ", "a]b", "<![CDATA[1234]]>", "<!--c-->1234", "&amp;", ""] {
        let body = format!("<a>{content}</a >");
        assert!(matches!(text_of(&body), Cow::Borrowed(_)), "{content:?}");
    }
}

#[test]
fn children_come_in_order_and_end_with_their_parent() {
    let body = b"\xef\xbb\xbf<?xml version='1.0' encoding=\"utf-8\" standalone='yes' ?>\r\n\
        <!-- <a> --><?pi?>\r\n\
        <Order xmlns='urn:x' xmlns:n=\"urn:n\">\r\n\
        \x20 <Numbers>\r\n\
        \x20   <Number>1</Number>\r\n\
        \x20   <Other><Number>no</Number>stray</Other>\r\n\
        \x20   <Number a='1' b = \"&lt;'>\">2</Number >\r\n\
        \x20 </Numbers>\r\n\
        \x20 stray <![CDATA[<text>]]>\r\n\
        \x20 <n:Status>no</n:Status>\r\n\
        \x20 <Empty/><Empty a=''/>\r\n\
        \x20 <Status>COMPLETE</Status>\r\n\
        </Order>\r\n<!-- end --> ";
    let mut reader = Reader::open(body, "Order").unwrap();
    assert_eq!(reader.child().unwrap(), Some("Numbers"));
    assert_eq!(reader.child().unwrap(), Some("Number"));
    assert_eq!(reader.text().unwrap(), "1");
    assert_eq!(reader.child().unwrap(), Some("Other"));
    reader.skip().unwrap();
    assert_eq!(reader.child().unwrap(), Some("Number"));
    assert_eq!(reader.text().unwrap(), "2");
    assert_eq!(reader.child().unwrap(), None);
    assert_eq!(reader.child().unwrap(), Some("n:Status"));
    reader.skip().unwrap();
    assert_eq!(reader.child().unwrap(), Some("Empty"));
    assert_eq!(reader.child().unwrap(), None);
    assert_eq!(reader.child().unwrap(), Some("Empty"));
    assert_eq!(reader.text().unwrap(), "");
    assert_eq!(reader.child().unwrap(), Some("Status"));
    assert_eq!(reader.text().unwrap(), "COMPLETE");
    assert_eq!(reader.child().unwrap(), None);
    // The root is closed: there is nothing left to read.
    assert_eq!(reader.child().unwrap(), None);
    assert_eq!(reader.text().unwrap(), "");
    reader.skip().unwrap();
    reader.finish().unwrap();
}

#[test]
fn a_place_counts_from_the_start_of_the_body() {
    let mut reader = Reader::open(b"\xef\xbb\xbf<a> <b> 1<!----></b>\n</a>", "a").unwrap();
    assert_eq!(reader.at(), 3);
    reader.child().unwrap();
    assert_eq!(reader.at(), 7);
    reader.text().unwrap();
    assert_eq!(reader.at(), 19);
    reader.child().unwrap();
    assert_eq!(reader.at(), 24);
}

#[test]
fn a_list_goes_on_with_elements_that_only_begin_alike() {
    let body = b"<a><b>1</b><b>2</b><bc>3</bc><b >4</b><b/><b><b>5</b></b></a>";
    let mut reader = Reader::open(body, "a").unwrap();
    for (name, text) in [("b", "1"), ("b", "2"), ("bc", "3"), ("b", "4"), ("b", "")] {
        assert_eq!(reader.child().unwrap(), Some(name));
        assert_eq!(reader.text().unwrap(), text);
    }
    assert_eq!(reader.child().unwrap(), Some("b"));
    assert_eq!(reader.child().unwrap(), Some("b"));
    assert_eq!(reader.text().unwrap(), "5");
    assert_eq!(reader.child().unwrap(), None);
    assert_eq!(reader.child().unwrap(), None);
    reader.finish().unwrap();
}

/// What is not read is not judged.
#[test]
fn what_is_stepped_over() {
    for inside in [
        "<b>&e; & &#0; \0</b>",
        "<b c=1 c=2 d e='&x;' f='<' :='' 1=''/>",
        "<b c='1'd='>'></b>",
        "<!-- -- --- <a> & ]]> -->",
        "<?pi?><? ?><?xml version='9'?>",
        "<?xml encoding='UTF-16'?>",
        "<1/><-/>< /><b:c/>",
        "]]> & \u{b}",
    ] {
        assert_eq!(read(format!("<a>{inside}</a>").as_bytes()), Ok(()), "{inside}");
    }
    for declaration in [
        "<?xml?>",
        "<?xml version='2.0' a='1'?>",
        "<?xml version=1.0 standalone='YES'?>",
        "<?XML ?>",
    ] {
        assert_eq!(read(format!(" {declaration}<a/>").as_bytes()), Ok(()), "{declaration}");
    }
}

#[test]
fn every_label_of_utf_8_is_utf_8() {
    for label in [
        "utf-8",
        "UTF-8",
        "utf8",
        "UTF8",
        " Utf8 ",
        "unicode-1-1-utf-8",
        "unicode11utf8",
        "unicode20utf8",
        "x-unicode20utf8",
    ] {
        for quote in ['"', '\''] {
            let body = format!("<?xml version='1.0' encoding={quote}{label}{quote}?><a>é</a>");
            assert_eq!(text_of(&body), "é", "{label}");
        }
    }
    for label in ["utf-16", "ISO-8859-1", "windows-1252", "utf", "utf-8x", ""] {
        let body = format!("<?xml version='1.0' encoding='{label}'?><a>é</a>");
        let error = read(body.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), &ParseErrorKind::Encoding, "{label}");
        assert_eq!(text_of(&body.replace('é', "e")), "e", "{label}");
    }
}

/// What buffers and editors leave around a document.
#[test]
fn padding_around_the_document_does_not_matter() {
    for padding in [
        "\0",
        "\0\0\0\0",
        "\u{1a}",
        "\r\n\u{1a}\0",
        "\u{a0}",
        "\u{b}\u{c}\u{85}\u{2028}\u{3000}",
        "\u{feff}",
    ] {
        assert_eq!(text_of(&format!("<a>1</a>{padding}")), "1", "{padding:?}");
        assert_eq!(text_of(&format!("<a>1</a><!-- -->{padding}<?p?>")), "1", "{padding:?}");
    }
    assert_eq!(text_of("\u{a0}\u{c}<a>1</a>"), "1");
    for (body, place) in [("<a/>\0x", "column 5"), ("<a/>\u{200b}", "column 5")] {
        let error = read(body.as_bytes()).unwrap_err().to_string();
        assert_eq!(error, format!("text outside the root element at line 1 {place}"));
    }
}

/// A lenient reader takes an element in a text for no text.
#[test]
fn an_element_where_text_is() {
    for (body, place) in [("<a><b/>1</a>", "column 4"), ("<a>1<!----><b>2</b></a>", "column 12")] {
        let reader = || Reader::open(body.as_bytes(), "a").unwrap();
        let error = reader().text().unwrap_err();
        assert_eq!(error.to_string(), format!("not text at line 1 {place}"));
        let mut lenient = reader().lenient();
        assert_eq!(lenient.text().unwrap(), "", "{body}");
        lenient.finish().unwrap();
    }
}

#[test]
fn finish_reads_what_is_left() {
    let reader = Reader::open(b"<a><b>\n<c>", "a").unwrap();
    assert_eq!(
        reader.finish().unwrap_err().to_string(),
        "unexpected end of the document at line 2 column 4"
    );
}

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
