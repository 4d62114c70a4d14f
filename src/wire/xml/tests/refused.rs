use super::{Reader, read};

/// The body is refused with exactly this message.
#[track_caller]
fn refused(body: impl AsRef<[u8]>, message: &str) {
    let body = body.as_ref();
    let outcome = read(body).map_err(|error| error.to_string());
    let shown = String::from_utf8_lossy(body.get(..80).unwrap_or(body));
    assert_eq!(outcome, Err(message.to_owned()), "{shown:?}");
}

#[test]
fn document_type_declarations() {
    for body in [
        "<!DOCTYPE a><a/>",
        "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>",
        "<!DOCTYPE a [<!ENTITY e \"e\">]><a>&e;</a>",
        "<!DOCTYPE",
        "<!DOCTYPE <<<",
    ] {
        refused(body, "document type declarations are refused at byte 0");
    }
    refused("<a><!DOCTYPE a></a>", "document type declarations are refused at byte 3");
    refused("<a/><!DOCTYPE a>", "document type declarations are refused at byte 4");
    refused("<!doctype a><a/>", "`<!` without a comment or a CDATA section at byte 0");
}

#[test]
fn encodings() {
    let latin = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xe9</a>";
    refused(latin, "encoding is not UTF-8 at byte 46");
    refused(
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a/>",
        "encoding is not UTF-8 at byte 19",
    );
    refused(
        "<?xml version=\"1.0\" encoding=\"US-ASCII\"?><a>é</a>",
        "encoding is not UTF-8 at byte 19",
    );
    for wide in [
        "\u{feff}<a/>".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>(),
        "\u{feff}<a/>".encode_utf16().flat_map(u16::to_be_bytes).collect(),
        "<a/>".encode_utf16().flat_map(u16::to_le_bytes).collect(),
        "<a/>".encode_utf16().flat_map(u16::to_be_bytes).collect(),
        "<a/>".chars().flat_map(|c| u32::from(c).to_be_bytes()).collect(),
    ] {
        refused(wide, "encoding is not UTF-8 at byte 0");
    }
    for declared in ["UTF-8", "utf-8", "US-ASCII"] {
        let body = format!("<?xml version=\"1.0\" encoding=\"{declared}\"?><a/>");
        assert_eq!(read(body.as_bytes()), Ok(()));
    }
}

#[test]
fn references() {
    for reference in ["&e;", "&nbsp;", "&AMP;", "&xml:a;"] {
        refused(format!("<a>{reference}</a>"), "an entity that is not predefined at byte 3");
        refused(format!("<a b='{reference}'/>"), "an entity that is not predefined at byte 6");
    }
    for reference in [
        "&#0;",
        "&#8;",
        "&#xC;",
        "&#xD800;",
        "&#xFFFE;",
        "&#xFFFF;",
        "&#x110000;",
        "&#;",
        "&#x;",
        "&#4294967329;",
        "&#x100000021;",
    ] {
        refused(format!("<a>1{reference}</a>"), "a reference to no character at byte 4");
        refused(format!("<a b='{reference}'/>"), "a reference to no character at byte 6");
    }
    refused("<a>a & b</a>", "`&` without a reference at byte 6");
    refused("<a>&amp</a>", "a reference without its `;` at byte 7");
    refused("<a>&#3 3;</a>", "a reference without its `;` at byte 6");
    refused("<a>&#+33;</a>", "a reference without its `;` at byte 5");
    refused("<a>&#X21;</a>", "a reference without its `;` at byte 5");
}

#[test]
fn characters() {
    for c in ['\0', '\u{1}', '\u{8}', '\u{b}', '\u{c}', '\u{1f}', '\u{fffe}', '\u{ffff}'] {
        for body in [
            format!("<abc>{c}</abc>"),
            format!("<a><!{c}"),
            format!("<!--{c}-->"),
            format!("<?p {c}?>"),
            format!("<a b={c}>"),
            format!("<abc>{c}\u{fffe}"),
            format!("<abc>{c}{c}"),
        ] {
            let at = body.find(c).unwrap();
            refused(body, &format!("a character that XML does not allow at byte {at}"));
        }
    }
    assert_eq!(read("<a>\t\r\n\u{7f}\u{85}\u{fdd0}\u{fffd}\u{1fffe}</a>".as_bytes()), Ok(()));
}

#[test]
fn what_is_not_well_formed() {
    for (body, message) in [
        ("<a></b>", "an end tag of another element at byte 3"),
        ("<a><b></a></b>", "an end tag of another element at byte 6"),
        ("<a></ab>", "an end tag of another element at byte 3"),
        ("<ab></a>", "an end tag of another element at byte 4"),
        ("<n:a></a>", "an end tag of another element at byte 5"),
        ("<a/><b/>", "a second root element at byte 4"),
        ("<a/></a>", "an end tag without its start tag at byte 4"),
        ("</a>", "an end tag without its start tag at byte 0"),
        ("<a/>b", "text outside the root element at byte 4"),
        ("b<a/>", "text outside the root element at byte 0"),
        ("&#32;<a/>", "text outside the root element at byte 0"),
        ("<a/>\n<![CDATA[]]>", "text outside the root element at byte 5"),
        ("<![CDATA[]]><a/>", "text outside the root element at byte 0"),
        ("\u{feff}\u{feff}<a/>", "text outside the root element at byte 3"),
        ("<a></a b='1'>", "an end tag without its `>` at byte 7"),
        ("<a></ a>", "`</` without a name at byte 5"),
        ("<a></a/>", "an end tag without its `>` at byte 6"),
        ("< a/>", "`<` without a name at byte 1"),
        ("<1/>", "`<` without a name at byte 1"),
        ("<a><></></a>", "`<` without a name at byte 4"),
        ("<-a/>", "`<` without a name at byte 1"),
        ("<>", "`<` without a name at byte 1"),
        ("<\u{d7}/>", "`<` without a name at byte 1"),
        ("<a\u{d7}/>", "no white space before an attribute at byte 2"),
        ("<a/ >", "`/` without `>` in a tag at byte 3"),
        ("<a/b='1'>", "`/` without `>` in a tag at byte 3"),
        ("<a <b/></a>", "not an attribute name at byte 3"),
        ("<a 1='1'/>", "not an attribute name at byte 3"),
        ("<a b/>", "an attribute without `=` at byte 4"),
        ("<a b c='1'/>", "an attribute without `=` at byte 5"),
        ("<a b=1/>", "an attribute value without quotes at byte 5"),
        ("<a b='<'/>", "`<` in an attribute value at byte 6"),
        ("<a b='1'c='1'/>", "no white space before an attribute at byte 8"),
        ("<a b='1' b='1'/>", "an attribute given twice at byte 9"),
        ("<a b='1' c='1' d='1' c='2'/>", "an attribute given twice at byte 21"),
        ("<a>]]></a>", "`]]>` in text at byte 3"),
        ("<a>1]]]></a>", "`]]>` in text at byte 5"),
        ("<a><b/>]]></a>", "`]]>` in text at byte 7"),
        ("<!--a--b--><a/>", "`--` in a comment at byte 7"),
        ("<!----->", "`--` in a comment at byte 6"),
        ("<!-><a/>", "`<!` without a comment or a CDATA section at byte 0"),
        ("<a><!ELEMENT a ANY></a>", "`<!` without a comment or a CDATA section at byte 3"),
        ("<a><![cdata[]]></a>", "`<!` without a comment or a CDATA section at byte 3"),
        ("<? p?><a/>", "`<?` without a name at byte 2"),
        ("<?p'?><a/>", "a processing instruction without white space after its name at byte 3"),
        (" <?xml version='1.0'?><a/>", "an XML declaration in the wrong place at byte 3"),
        ("<a><?xml version='1.0'?></a>", "an XML declaration in the wrong place at byte 5"),
        ("<?xml?><a/>", "an XML declaration in the wrong place at byte 2"),
        ("<?XML version='1.0'?><a/>", "an XML declaration in the wrong place at byte 2"),
        ("<a/><?xMl p?>", "an XML declaration in the wrong place at byte 6"),
        ("<?xml ?><a/>", "a malformed XML declaration at byte 5"),
        ("<?xml encoding='UTF-8'?><a/>", "a malformed XML declaration at byte 5"),
        ("<?xml version='2.0'?><a/>", "not version 1.0 of XML at byte 5"),
        ("<?xml version='1.1'?><a/>", "not version 1.0 of XML at byte 5"),
        ("<?xml version='1.'?><a/>", "not version 1.0 of XML at byte 5"),
        ("<?xml version='1.0 '?><a/>", "not version 1.0 of XML at byte 5"),
        ("<?xml version='1.0\"?><a/>", "`<` in an attribute value at byte 21"),
        ("<?xml version 1.0?><a/>", "an attribute without `=` at byte 14"),
        ("<?xml version=1.0?><a/>", "an attribute value without quotes at byte 14"),
        ("<?xml version='1.0'encoding='UTF-8'?><a/>", "a malformed XML declaration at byte 19"),
        ("<?xml version='1.0' standalone='YES'?><a/>", "a malformed XML declaration at byte 19"),
        (
            "<?xml version='1.0' standalone='no' encoding='UTF-8'?><a/>",
            "a malformed XML declaration at byte 36",
        ),
        ("<?xml version='1.0' a='1'?><a/>", "a malformed XML declaration at byte 20"),
    ] {
        refused(body, message);
    }
}

#[test]
fn a_document_cut_short_anywhere() {
    let whole = "<?xml version='1.0' encoding='UTF-8' standalone='no'?>\n<?p q?><!-- - -->\
        <a b='&amp;&#33;&#x21;' c=\"1\"><b/><b />]<c>1]&quot;\r\n</c><![CDATA[ ]]]><!----><?p?></a >";
    assert_eq!(read(whole.as_bytes()), Ok(()));
    for end in 0..whole.len() {
        refused(&whole.as_bytes()[..end], &format!("unexpected end of the document at byte {end}"));
    }
}

#[test]
fn too_much_of_it() {
    let deep = |depth: usize| "<a>".repeat(depth) + &"</a>".repeat(depth);
    assert_eq!(read(deep(128).as_bytes()), Ok(()));
    refused(deep(129), "nested too deeply at byte 384");
    refused("<a>".repeat(100_000), "nested too deeply at byte 384");
    refused(format!("{}<b/>", "<a>".repeat(128)), "nested too deeply at byte 384");

    let wide = |count: usize| {
        let attributes: Vec<_> = (0..count).map(|n| format!(" a{n:04}=''")).collect();
        format!("<a{}/>", attributes.concat())
    };
    assert_eq!(read(wide(64).as_bytes()), Ok(()));
    refused(wide(65), "more than 64 attributes at byte 579");
    refused(wide(50_000), "more than 64 attributes at byte 579");
}

#[test]
fn another_root() {
    let root = |body: &str| Reader::open(body.as_bytes(), "a").map(drop).unwrap_err().to_string();
    assert_eq!(root("<!----><b/>"), "the root element is <b> at byte 7");
    assert_eq!(root("<n:a xmlns:n=''/>"), "the root element is <n:a> at byte 0");
    assert_eq!(root("<e\u{301}/>"), "the root element is <e\u{301}> at byte 0");
    let long = "b".repeat(65);
    assert_eq!(
        root(&format!("<{long}/>")),
        format!("the root element is <{}> at byte 0", &long[1..])
    );
}

#[test]
fn an_element_where_text_is() {
    let text = |body: &str| {
        let mut reader = Reader::open(body.as_bytes(), "a").unwrap();
        reader.text().unwrap_err().to_string()
    };
    assert_eq!(text("<a><b/></a>"), "not text at byte 3");
    assert_eq!(text("<a>1<!----><b>2</b></a>"), "not text at byte 11");
}
