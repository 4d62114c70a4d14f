//! The reader beside two other parsers: whatever it takes, they take too, and
//! read the same.

use proptest::prelude::*;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

use super::{Reader, read};
use crate::error::{ParseError, ParseErrorKind};

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
    fn node(reader: &mut Reader<'_>, name: &str) -> Result<Node, ParseError> {
        let before = reader.clone();
        match reader.text() {
            Ok(text) => return Ok(Node::Text(name.to_owned(), text.into_owned())),
            Err(error) if *error.kind() == ParseErrorKind::Invalid("text".into()) => {
                *reader = before;
            }
            Err(error) => return Err(error),
        }
        let mut children = Vec::new();
        while let Some(name) = reader.child()? {
            children.push(node(reader, name)?);
        }
        Ok(Node::Parent(name.to_owned(), children))
    }
    let (mut reader, name) = Reader::open_any(body)?;
    let root = node(&mut reader, name)?;
    reader.finish()?;
    Ok(root)
}

/// The document as quick-xml has it.
fn quick_xml(text: &str) -> Result<Node, String> {
    let mut reader = quick_xml::Reader::from_str(text);
    reader.config_mut().enable_all_checks(true);
    reader.config_mut().expand_empty_elements = true;
    let mut open = vec![(String::new(), String::new(), Vec::new())];
    loop {
        let (_, text, _) = open.last_mut().ok_or("end tag without start tag")?;
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(tag) => {
                for attribute in tag.attributes() {
                    attribute.map_err(|error| error.to_string())?;
                }
                open.push((tag.name().0.to_owned(), String::new(), Vec::new()));
            }
            Event::End(_) => {
                let (name, text, children) = open.pop().ok_or("end tag without start tag")?;
                let (_, _, siblings) = open.last_mut().ok_or("end tag without start tag")?;
                siblings.push(Node::new(name, &text, children));
            }
            Event::Text(piece) => text.push_str(&piece.xml10_content()),
            Event::CData(piece) => text.push_str(&piece.xml10_content()),
            Event::GeneralRef(reference) => {
                match reference.resolve_char_ref().map_err(|error| error.to_string())? {
                    Some(c) => text.push(c),
                    None => text.push_str(
                        resolve_predefined_entity(reference.as_ref()).ok_or("unknown entity")?,
                    ),
                }
            }
            Event::DocType(_) => return Err("document type declaration".into()),
            Event::Empty(_) => return Err("an empty element that is not expanded".into()),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    match <[_; 1]>::try_from(open) {
        Ok([(_, _, mut roots)]) if roots.len() == 1 => roots.pop().ok_or("no root".into()),
        _ => Err("no root, several, or not closed".into()),
    }
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

/// The reader is as strict as the other two, and reads what they read.
#[track_caller]
pub(super) fn agrees(body: &[u8]) -> Result<Node, ParseError> {
    let tree = ours(body);
    assert_eq!(read(body), tree.as_ref().map(drop).map_err(Clone::clone));
    if let Ok(tree) = &tree {
        let text = std::str::from_utf8(body).unwrap();
        assert_eq!(quick_xml(text).as_ref(), Ok(tree), "quick-xml, {text:?}");
        // It takes a colon for a namespace prefix, which has to be declared.
        if !text.contains(':') {
            // It keeps a carriage return before a reference, so it gets the
            // line feed that section 2.11 makes of it.
            let text = text.replace("\r\n", "\n").replace('\r', "\n");
            assert_eq!(roxmltree(&text).as_ref(), Ok(tree), "roxmltree, {text:?}");
        }
    }
    tree
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
        let outcome = agrees(document.as_bytes());
        prop_assert!(outcome.is_ok(), "{document:?}: {outcome:?}");
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
        drop(agrees(String::from_iter(text).as_bytes()));
    }

    #[test]
    fn any_bytes(body in prop::collection::vec(any::<u8>(), 0..64)) {
        drop(agrees(&body));
    }
}
