//! The conformance suite of the W3C, when it is there: `tools/suites/xml.sh`
//! fetches it and runs this.

use std::collections::{BTreeMap, BTreeSet};
use std::panic;
use std::path::Path;

use quick_xml::events::Event;

use super::oracle;
use crate::error::ParseErrorKind;

/// Documents that the suite calls not well-formed and that are accepted.
const ACCEPTED: &str = include_str!("../../../../tests/data/xml-suite-accepted.txt");

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

/// Whether quick-xml finds a document type declaration.
fn declares_a_type(body: &[u8]) -> bool {
    let mut reader = quick_xml::Reader::from_str(std::str::from_utf8(body).unwrap());
    loop {
        match reader.read_event() {
            Ok(Event::DocType(_)) => return true,
            Ok(Event::Eof) | Err(_) => return false,
            Ok(_) => {}
        }
    }
}

fn outcome(body: &[u8]) -> &'static str {
    let Ok(outcome) = panic::catch_unwind(|| oracle::agrees(body)) else { return "panic" };
    let Err(error) = outcome else {
        return if declares_a_type(body) { "accepted with a DTD" } else { "accepted" };
    };
    match error.kind() {
        ParseErrorKind::Doctype => "refused for its DTD",
        ParseErrorKind::Encoding => "refused for its encoding",
        ParseErrorKind::Syntax(how) if how.starts_with("not version 1.0") => {
            "refused for its version"
        }
        _ => "refused as malformed",
    }
}

#[test]
fn suite() {
    let Some(suite) = std::env::var_os("XML_SUITE") else {
        println!("not run: XML_SUITE does not name the folder of the suite");
        return;
    };
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

    let of =
        |kind: &str, outcome| table.get(&(kind.to_owned(), outcome)).cloned().unwrap_or_default();
    let accepted: BTreeSet<_> = of("not-wf", "accepted").into_iter().collect();
    let listed = ACCEPTED.lines().filter(|line| !line.starts_with('#'));
    let listed: BTreeSet<_> =
        listed.map(|line| line.split_once("  ").expect("a reason").0.to_owned()).collect();
    assert_eq!(accepted, listed);
    for kind in ["not-wf", "valid", "invalid", "error"] {
        assert_eq!(of(kind, "accepted with a DTD"), [""; 0]);
        assert_eq!(of(kind, "panic"), [""; 0]);
    }
    for well_formed in ["valid", "invalid"] {
        assert_eq!(of(well_formed, "refused as malformed"), [""; 0]);
    }
}
