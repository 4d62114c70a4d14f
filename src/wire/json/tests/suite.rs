//! `JSONTestSuite`, run by `tools/suites/json.sh`.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::{Event, event, foreign};
use crate::error::ParseErrorKind;

/// Files `y_*` must be read, `n_*` refused, and `i_*` can go either way.
/// `damaged_*` hold a byte that no UTF-8 has, where the package that they come
/// from has lost the original one.
///
/// Each is read as a document, and as a field that nobody reads. There nothing is
/// looked at but where the field ends, so that more is taken; what is taken only
/// there must be something that JSON's grammar allows.
#[test]
fn json_test_suite() {
    let Some(folder) = std::env::var_os("JSON_SUITE") else {
        println!("JSON_SUITE is not set: tools/suites/json.sh runs this");
        return;
    };
    let mut counts = BTreeMap::<_, [usize; 4]>::new();
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap().to_owned();
        let Some((class, _)) = name.split_once('_') else { continue };
        if path.extension() != Some(Path::new("json").as_os_str()) {
            continue;
        }
        let case = std::fs::read(&path).unwrap();
        let alone = foreign::<Value>(&case).map(drop);
        let inside = [br#"{"x":"#, &case[..], br#","orderId":"1"}"#].concat();
        let inside = event::<Event>(&inside).map(drop);
        let counts = counts.entry(class.to_owned()).or_default();
        counts[usize::from(alone.is_err())] += 1;
        counts[2 + usize::from(inside.is_err())] += 1;
        let encoding = |read: &Result<(), crate::ParseError>| {
            read.as_ref().is_err_and(|error| *error.kind() == ParseErrorKind::Encoding)
        };
        let right = match class {
            "y" => alone.is_ok() && inside.is_ok(),
            "n" => alone.is_err() && inside.is_err(),
            "i" => true,
            "damaged" => encoding(&alone) && encoding(&inside),
            _ => panic!("{name}"),
        };
        if !right {
            wrong.push(format!("{name}: {alone:?}, as a field {inside:?}"));
        }
    }
    println!("class    read  refused    as a field that is not read: read  refused");
    for (class, [read, refused, inside, outside]) in &counts {
        println!("{class:<8} {read:>4}  {refused:>7}    {inside:>32}  {outside:>7}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(counts.contains_key("y") && counts.contains_key("n"), "not the suite");
}
