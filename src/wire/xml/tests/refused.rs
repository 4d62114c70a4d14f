use super::{Reader, read};

/// The body is refused with exactly this message, at this byte of its first line.
#[track_caller]
fn refused(body: impl AsRef<[u8]>, message: &str, at: usize) {
    let body = body.as_ref();
    let outcome = read(body).map_err(|error| error.to_string());
    let shown = String::from_utf8_lossy(body.get(..80).unwrap_or(body));
    assert_eq!(outcome, Err(format!("{message} at line 1 column {}", at + 1)), "{shown:?}");
}

#[test]
fn document_type_declarations() {
    let why = "document type declarations are refused";
    for body in [
        "<!DOCTYPE a><a/>",
        "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>",
        "<!DOCTYPE a [<!ENTITY e \"e\">]><a>&e;</a>",
        "<!doctype a><a/>",
        "<!DOCTYPE",
        "<!DOCTYPE <<<",
        "<!D",
    ] {
        refused(body, why, 0);
    }
    refused("<!DOCTYPE>", why, 9);
    refused("<a><!DOCTYPE a></a>", why, 3);
    refused("<a/><!DOCTYPE a>", why, 4);
}

#[test]
fn encodings() {
    let why = "encoding is not UTF-8";
    refused(b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xe9</a>", why, 46);
    refused("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\u{e9}</a>", why, 0);
    refused("<?xml version=\"1.0\" encoding=\"US-ASCII\"?><a>\u{e9}</a>", why, 0);
    for wide in [
        "\u{feff}<a/>".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>(),
        "\u{feff}<a/>".encode_utf16().flat_map(u16::to_be_bytes).collect(),
        "<a/>".encode_utf16().flat_map(u16::to_le_bytes).collect(),
        "<a/>".encode_utf16().flat_map(u16::to_be_bytes).collect(),
        "<a/>".chars().flat_map(|c| u32::from(c).to_be_bytes()).collect(),
    ] {
        refused(wide, why, 0);
    }
    // ASCII is the same in all of these, and UTF-8 is what it is declared to be.
    for declared in ["UTF-8", "utf-8", "US-ASCII", "ISO-8859-1", "windows-1252", "utf8", ""] {
        let body = format!("<?xml version=\"1.0\" encoding=\"{declared}\"?><a/>");
        assert_eq!(read(body.as_bytes()), Ok(()), "{declared}");
    }
    assert_eq!(read("<?xml version='1.0' encoding='Utf-8'?><a>\u{e9}</a>".as_bytes()), Ok(()));
}

#[test]
fn places_behind_byte_order_marks() {
    for marks in ["\u{feff}", "\u{feff}\u{feff}"] {
        let body = format!("{marks}<a><b></a>");
        refused(body, "an end tag of another element", 6);
        assert_eq!(read(format!("{marks}<a>b</a>").as_bytes()), Ok(()));
    }
}

#[test]
fn references() {
    let text = |body: &str| {
        let mut reader = Reader::open(body.as_bytes(), "a").unwrap();
        reader.text().unwrap_err().to_string()
    };
    for reference in ["&e;", "&nbsp;", "&AMP;", "&xml:a;", "&;", "& b;"] {
        let why = "an entity that is not predefined at line 1 column 4";
        assert_eq!(text(&format!("<a>{reference}</a>")), why, "{reference}");
    }
    for (body, column) in [("<a>a & b</a>", 6), ("<a>&amp</a>", 4), ("<a>&&amp;</a>", 4)] {
        let why = format!("`&` without a reference at line 1 column {column}");
        assert_eq!(text(body), why, "{body}");
    }
}

#[test]
fn structure() {
    for (body, message, at) in [
        ("<a></b>", "an end tag of another element", 3),
        ("<a><b></a></b>", "an end tag of another element", 6),
        ("<a></ab>", "an end tag of another element", 3),
        ("<ab></a>", "an end tag of another element", 4),
        ("<n:a></a>", "an end tag of another element", 5),
        ("<a></a b='1'>", "an end tag of another element", 3),
        ("<a></ a>", "an end tag of another element", 3),
        ("<a></a/>", "an end tag of another element", 3),
        ("<a/><b/>", "a second root element", 4),
        ("<a/></a>", "an end tag without its start tag", 4),
        ("</a>", "an end tag without its start tag", 0),
        ("<a/>b", "text outside the root element", 4),
        ("b<a/>", "text outside the root element", 0),
        ("&#32;<a/>", "text outside the root element", 0),
        ("<a/>&", "text outside the root element", 4),
        ("<a/><![CDATA[]]>", "text outside the root element", 4),
        ("<![CDATA[]]><a/>", "text outside the root element", 0),
        ("<!><a/>", "`<!` without a comment or a CDATA section", 0),
        ("<!-><a/>", "unexpected end of the document", 8),
        ("<a><!ELEMENT a ANY></a>", "`<!` without a comment or a CDATA section", 3),
        ("<a><?></a>", "unexpected end of the document", 10),
        ("<a b='></a>", "unexpected end of the document", 11),
        ("", "unexpected end of the document", 0),
        (" ", "unexpected end of the document", 1),
        ("<!---->", "unexpected end of the document", 7),
        ("{}", "text outside the root element", 0),
    ] {
        refused(body, message, at);
    }
}

#[test]
fn a_document_cut_short_anywhere() {
    let whole = "<?xml version='1.0' encoding='UTF-8' standalone='no'?><?p q?><!-- - -->\
        <a b='&amp;&#33;&#x21;' c=\"1\"><b/><b />]<c>1]&quot; </c><![CDATA[ ]]]><!----><?p?></a >";
    assert_eq!(read(whole.as_bytes()), Ok(()));
    for end in 0..whole.len() {
        let body = &whole.as_bytes()[..end];
        refused(body, "unexpected end of the document", end);
    }
}

#[test]
fn depth() {
    let deep = |depth: usize| "<a>".repeat(depth) + &"</a>".repeat(depth);
    assert_eq!(read(deep(128).as_bytes()), Ok(()));
    refused(deep(129), "nested too deeply", 384);
    refused("<a>".repeat(100_000), "nested too deeply", 384);
    refused(format!("{}<b/>", "<a>".repeat(128)), "nested too deeply", 384);
}

#[test]
fn another_root() {
    let root = |body: &str| Reader::open(body.as_bytes(), "a").map(drop).unwrap_err().to_string();
    assert_eq!(root("<!---->\n<b/>"), "the root element is <b> at line 2 column 1");
    assert_eq!(root("<n:a xmlns:n=''/>"), "the root element is <n:a> at line 1 column 1");
    assert_eq!(root("<e\u{301}/>"), "the root element is <e\u{301}> at line 1 column 1");
    let long = "b".repeat(65);
    assert_eq!(
        root(&format!("<{long}/>")),
        format!("the root element is <{}> at line 1 column 1", &long[1..])
    );
}
