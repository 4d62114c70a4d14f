//! The conformance suite of the W3C, when it is there: `tools/suites/xml.sh`
//! fetches it and runs this.

use std::collections::BTreeMap;
use std::panic;
use std::path::Path;
use std::time::{Duration, Instant};

use super::{oracle, read};
use crate::error::ParseErrorKind;

/// What the tests of the suite are: type and document.
fn tests(suite: &Path) -> Vec<(String, String)> {
    let index = std::fs::read_to_string(suite.join("cleaned/xmlconf-flattened.xml")).unwrap();
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let index = roxmltree::Document::parse_with_options(&index, options).unwrap();
    let base = (roxmltree::NS_XML_URI, "base");
    let tests = index.descendants().filter(|node| node.has_tag_name("TEST"));
    tests
        .map(|test| {
            let folder = test.ancestors().find_map(|node| node.attribute(base)).unwrap();
            let document = format!("{folder}{}", test.attribute("URI").unwrap());
            (test.attribute("TYPE").unwrap().to_owned(), document)
        })
        .collect()
}

fn outcome(body: &[u8]) -> &'static str {
    let start = Instant::now();
    if panic::catch_unwind(|| oracle::agrees(body)).is_err() {
        return "panic, or read otherwise than by roxmltree";
    }
    let Ok(outcome) = panic::catch_unwind(|| read(body)) else { return "panic" };
    if start.elapsed() > Duration::from_secs(10) {
        return "hang";
    }
    let Err(error) = outcome else {
        let text = str::from_utf8(body).unwrap();
        let has_type =
            matches!(roxmltree::Document::parse(text), Err(roxmltree::Error::DtdDetected));
        return if has_type { "accepted with a DTD" } else { "accepted" };
    };
    match error.kind() {
        ParseErrorKind::Doctype => "refused for its DTD",
        ParseErrorKind::Encoding => "refused for its encoding",
        _ => "refused as malformed",
    }
}

#[test]
#[ignore = "needs the suite, see tools/suites/xml.sh"]
fn suite() {
    let suite = std::env::var_os("XML_SUITE").expect("XML_SUITE is the folder of the suite");
    let suite = Path::new(&suite);
    let mut table = BTreeMap::<_, Vec<_>>::new();
    for (kind, document) in tests(suite) {
        let body = std::fs::read(suite.join("xmlconf").join(&document)).unwrap();
        table.entry((kind, outcome(&body))).or_default().push(document);
    }
    println!("{:>5}  documents", table.values().map(Vec::len).sum::<usize>());
    for ((kind, outcome), documents) in &table {
        println!("{:>5}  {kind}, {outcome}", documents.len());
    }
    // How many of the documents that are not well-formed are taken is stated above,
    // and not limited: attributes, comments and instructions are not judged.
    for ((kind, outcome), documents) in &table {
        let bad = match *outcome {
            "accepted" | "refused for its DTD" | "refused for its encoding" => false,
            "refused as malformed" => kind == "valid" || kind == "invalid",
            _ => true,
        };
        assert!(!bad, "{kind}, {outcome}: {documents:?}");
    }
}
