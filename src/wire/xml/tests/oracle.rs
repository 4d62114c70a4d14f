//! The reader beside roxmltree: whatever that takes, the reader takes too, and
//! reads the same. The reader takes more, because it does not judge what is not
//! read.

use super::Reader;
use crate::error::{ParseError, ParseErrorKind};
use proptest::prelude::*;

/// An element with children has no text: the reader drops it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Text(String, String),
    Parent(String, Vec<Node>),
}

impl Node {
    fn new(name: String, text: &str, children: Vec<Self>) -> Self {
        if children.is_empty() {
            Self::Text(name, text.trim_matches([' ', '\t', '\r', '\n']).to_owned())
        } else {
            Self::Parent(name, children)
        }
    }
}

/// The document as the reader has it.
fn ours(body: &[u8]) -> Result<Node, ParseError> {
    // A reader cannot go back, so each element is read twice from the start.
    fn node(body: &[u8], path: &mut Vec<usize>, name: &str) -> Result<Node, ParseError> {
        let at = |path: &[usize]| {
            let (mut reader, _) = Reader::open_any(body)?;
            for place in path {
                for _ in 0..*place {
                    reader.child()?;
                    reader.skip()?;
                }
                reader.child()?;
            }
            Ok::<_, ParseError>(reader)
        };
        match at(path)?.text() {
            Ok(text) => return Ok(Node::Text(name.to_owned(), text.into_owned())),
            Err(error) if *error.kind() == ParseErrorKind::Invalid("text".into()) => {}
            Err(error) => return Err(error),
        }
        let mut names = Vec::new();
        let mut reader = at(path)?;
        while let Some(name) = reader.child()? {
            names.push(name.to_owned());
            reader.skip()?;
        }
        let mut children = Vec::new();
        for (place, name) in names.iter().enumerate() {
            path.push(place);
            children.push(node(body, path, name)?);
            path.pop();
        }
        Ok(Node::Parent(name.to_owned(), children))
    }
    let (reader, root) = Reader::open_any(body)?;
    reader.finish()?;
    node(body, &mut Vec::new(), root)
}

/// The document as roxmltree has it, which takes a prefix off a name.
fn roxmltree(text: &str) -> Result<Node, roxmltree::Error> {
    fn node(element: roxmltree::Node<'_, '_>) -> Node {
        let text = element.children().filter(roxmltree::Node::is_text);
        let text: String = text.filter_map(|piece| piece.text()).collect();
        Node::new(
            element.tag_name().name().to_owned(),
            &text,
            element.children().filter(roxmltree::Node::is_element).map(node).collect(),
        )
    }
    roxmltree::Document::parse(text).map(|document| node(document.root_element()))
}

/// Whether roxmltree takes it without a document type declaration; if so, the
/// reader does, and reads the same.
#[track_caller]
pub(super) fn agrees(body: &[u8]) -> bool {
    let ours = ours(body);
    let Ok(text) = std::str::from_utf8(body) else {
        assert_eq!(ours.unwrap_err().kind(), &ParseErrorKind::Encoding);
        return false;
    };
    // It keeps a carriage return before a reference, so it gets the line feed that
    // section 2.11 makes of it.
    let bare = text.strip_prefix('\u{feff}').unwrap_or(text);
    // It reads a `?>` in the quotes of the declaration over, where it ends.
    let declaration = bare.split("?>").next().filter(|start| start.starts_with("<?xml"));
    if declaration.is_some_and(|text| text.matches(['\'', '"']).count() % 2 == 1) {
        return false;
    }
    let Ok(theirs) = roxmltree(&bare.replace("\r\n", "\n").replace('\r', "\n")) else {
        return false;
    };
    // It takes any encoding for UTF-8, a prefix off a name, and any depth.
    let is_ours =
        |kind: &ParseErrorKind| matches!(kind, ParseErrorKind::Encoding | ParseErrorKind::TooDeep);
    // It takes references to two halves of a pair for two characters.
    let lower = text.to_ascii_lowercase();
    let may_be_half = ["&#xd8", "&#xd9", "&#xda", "&#xdb", "&#55", "&#56"];
    let has_half = may_be_half.iter().any(|half| lower.contains(half));
    match ours {
        _ if has_half || text.contains(':') => {}
        Err(error) => assert!(is_ours(error.kind()), "{error}, {text:?}"),
        Ok(tree) => assert_eq!(tree, theirs, "{text:?}"),
    }
    true
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => "[ab]{1,2}",
        1 => "[A-Za-z_][A-Za-z0-9._-]{0,6}",
        1 => "[é\u{37f}\u{3001}\u{10000}][é\u{b7}0\u{300}\u{203f}]{0,3}",
    ]
}

fn white() -> impl Strategy<Value = String> {
    prop_oneof![6 => Just(String::new()), 2 => "[ \n]{1,3}", 1 => "[ \t\r\n]{1,4}"]
}

fn reference() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec!["&amp;", "&lt;", "&gt;", "&apos;", "&quot;", "&#32;", "&#xD;"])
            .prop_map(str::to_owned),
        (0x20..0xd800u32).prop_map(|c| format!("&#{c};")),
        (0x10000..0x11_0000u32).prop_map(|c| format!("&#x{c:X};")),
    ]
}

fn misc() -> impl Strategy<Value = String> {
    prop_oneof![
        "(-?[ a-z<>&'\"\\]é\r\n]){0,6}".prop_map(|inner| format!("<!--{inner}-->")),
        "([ \r\n][a-z<>&'\"é]{0,6})?".prop_map(|inner| format!("<?pi{inner}?>")),
    ]
}

/// Text, or what text can be written as.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[ a-z0-9é>\u{1f600}]{0,12}",
        1 => "(\\]{1,2}[ a-z]){0,3}",
        2 => "[ a\t\r\n]{0,6}",
        2 => reference(),
        1 => "[ a<>&\r\n]{0,6}\\]?".prop_map(|inner| format!("<![CDATA[{inner}]]>")),
        1 => misc(),
    ]
}

fn attributes() -> impl Strategy<Value = String> {
    let value = prop::collection::vec(prop_oneof!["[ a-z>é\r\n]{0,6}", reference()], 0..3);
    prop::collection::btree_map(name(), (value, white(), prop::bool::ANY), 0..4).prop_map(|all| {
        let one = |(name, (value, space, single))| {
            let (value, quote): (Vec<String>, _) = (value, if single { "'" } else { "\"" });
            format!(" {space}{name}{space}={space}{quote}{}{quote}", value.concat())
        };
        all.into_iter().map(one).collect::<Vec<_>>().concat()
    })
}

fn element() -> impl Strategy<Value = String> {
    let tag = || (name(), prop_oneof![3 => Just(String::new()), 1 => attributes()], white());
    let with = |((name, attributes, space), content): ((String, String, String), Vec<String>)| {
        format!("<{name}{attributes}{space}>{}</{name}{space}>", content.concat())
    };
    let leaf = prop_oneof![
        4 => (tag(), prop::collection::vec(piece(), 0..4)).prop_map(with),
        1 => tag().prop_map(|(name, attributes, space)| format!("<{name}{attributes}{space}/>")),
    ];
    leaf.prop_recursive(4, 24, 5, move |inner| {
        let content = prop_oneof![5 => inner, 2 => white(), 1 => piece()];
        (tag(), prop::collection::vec(content, 0..6)).prop_map(with)
    })
}

fn document() -> impl Strategy<Value = String> {
    let start = prop::sample::select(vec![
        "",
        "\u{feff}",
        "<?xml version='1.0'?>",
        "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\" standalone='yes' ?>\r\n",
    ]);
    let outside = || prop::collection::vec(prop_oneof![white(), misc()], 0..3);
    (start, outside(), element(), outside()).prop_map(|(start, before, element, after)| {
        [start, &before.concat(), &element, &after.concat()].concat()
    })
}

/// Where something goes into a document, how many characters it replaces, and
/// what it is.
fn mutation() -> impl Strategy<Value = (prop::sample::Index, usize, String)> {
    let inserted = prop_oneof![
        8 => prop::sample::select(vec![
            "<", ">", "/", "</", "/>", "&", ";", "'", "\"", "=", " ", "\r", "]]>", "]", "-", "--",
            "!", "?", "<!--", "-->", "<?", "?>", "<?xml version='1.0'?>", "<![CDATA[", "&amp;",
            "&#0;", "&#xFFFF;", "&#13;", "&e;", "<!DOCTYPE a>", "<a>", "</a>", "<a/>", "<b>",
            "</b>", " a=''", ":", "a:", "\u{feff}", "\u{fffe}", "\u{b7}", "1", "a", "\0", "\u{c}",
        ])
        .prop_map(str::to_owned),
        2 => Just(String::new()),
        1 => any::<char>().prop_map(String::from),
    ];
    (any::<prop::sample::Index>(), 0..3usize, inserted)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn well_formed_documents(document in document()) {
        prop_assert!(agrees(document.as_bytes()), "{document:?}");
    }

    #[test]
    fn documents_that_may_be_broken(
        document in document(),
        mutations in prop::collection::vec(mutation(), 1..3),
    ) {
        let mut text: Vec<char> = document.chars().collect();
        for (place, removed, inserted) in mutations {
            let start = place.index(text.len().max(1)).min(text.len());
            let end = start.saturating_add(removed).min(text.len());
            text.splice(start..end, inserted.chars());
        }
        agrees(String::from_iter(text).as_bytes());
    }

    #[test]
    fn any_bytes(body in prop::collection::vec(any::<u8>(), 0..64)) {
        agrees(&body);
    }
}
