//! A law as a table: inputs of a kind, what has to come of each of them, and who
//! says so. A test runs the rows, and `docs/conformance.md` shows the same rows.

use std::fmt::{Display, Write as _};
use std::path::Path;

/// A law, or a part of one, and its rows.
pub(crate) struct Law {
    pub(crate) title: &'static str,
    pub(crate) rows: &'static [Row],
}

/// Inputs of one kind, in words, and the outcome of each of them.
pub(crate) struct Row {
    pub(crate) input: &'static str,
    pub(crate) outcome: &'static str,
    pub(crate) source: &'static str,
    pub(crate) cases: fn(&mut Cases),
}

pub(crate) const fn row(
    input: &'static str,
    outcome: &'static str,
    source: &'static str,
    cases: fn(&mut Cases),
) -> Row {
    Row { input, outcome, source, cases }
}

/// What came of each input of a row.
#[derive(Default)]
pub(crate) struct Cases(Vec<(String, String)>);

impl Cases {
    /// This input came to this outcome.
    pub(crate) fn of(&mut self, input: impl Display, outcome: impl Into<String>) {
        self.0.push((input.to_string(), outcome.into()));
    }

    /// Every one of these inputs, by this function.
    pub(crate) fn each<I: AsRef<[u8]>>(
        &mut self,
        inputs: impl IntoIterator<Item = I>,
        outcome: impl Fn(&[u8]) -> String,
    ) {
        for input in inputs {
            let input = input.as_ref();
            self.of(shown(input), outcome(input));
        }
    }
}

/// This outcome if it is so, and what there is instead if not.
pub(crate) fn so_if(is_so: bool, so: &str, instead: impl Display) -> String {
    if is_so { so.to_owned() } else { instead.to_string() }
}

/// Bytes as a line to read, cut where they are long.
pub(crate) fn shown(bytes: &[u8]) -> String {
    let cut = bytes.get(..200).unwrap_or(bytes);
    let more = if cut.len() < bytes.len() { "…" } else { "" };
    format!("{}{more}", cut.escape_ascii())
}

impl Law {
    /// Runs every row, and says which inputs came to another outcome.
    #[track_caller]
    pub(crate) fn holds(&self) {
        let mut wrong = String::new();
        let mut seen = 0;
        for row in self.rows {
            let mut cases = Cases::default();
            (row.cases)(&mut cases);
            assert!(!cases.0.is_empty(), "nothing was tried of: {}", row.input);
            seen += cases.0.len();
            for (input, outcome) in cases.0.iter().filter(|(_, outcome)| outcome != row.outcome) {
                let expected = row.outcome;
                write!(
                    wrong,
                    "\n{}: {input}\n  came to: {outcome}\n  and not: {expected}",
                    row.input
                )
                .unwrap();
            }
        }
        println!("{}: {} rows, {seen} cases", self.title, self.rows.len());
        assert!(wrong.is_empty(), "{}{wrong}", self.title);
    }

    fn to_markdown(&self) -> String {
        let cells = |row: &Row| [row.input, row.outcome, row.source].map(str::to_owned);
        to_markdown(self.title, &self.rows.iter().map(cells).collect::<Vec<_>>())
    }
}

/// A table of inputs, outcomes and sources.
pub(crate) fn to_markdown(title: &str, rows: &[[String; 3]]) -> String {
    let mut text = format!("\n### {title}\n\n| input | outcome | source |\n|---|---|---|\n");
    for cells in rows {
        for cell in cells {
            let bars = cell.matches('|').count() - cell.matches("\\|").count();
            let fits = bars == 0 && !cell.is_empty() && !cell.contains('\n');
            assert!(fits, "breaks the table of {title}: {cell:?}");
        }
        writeln!(text, "| {} |", cells.join(" | ")).unwrap();
    }
    text
}

/// Compares what stands in `docs/conformance.md` between the marks of this name
/// with these laws.
#[track_caller]
pub(crate) fn the_page_has(name: &str, laws: &[&Law]) {
    the_page_says(name, &laws.iter().map(|law| law.to_markdown()).collect::<String>());
}

/// The same with any tables. With `BLESS=1` they are written there instead.
#[track_caller]
pub(crate) fn the_page_says(name: &str, tables: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/conformance.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (start, end) = (format!("<!-- {name} -->\n"), format!("\n<!-- end of {name} -->"));
    let (before, rest) = page.split_once(&start).unwrap();
    let (stands, after) = rest.split_once(&end).unwrap();
    if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
        std::fs::write(&path, format!("{before}{start}{tables}{end}{after}")).unwrap();
    } else {
        assert_eq!(stands, tables, "run the test with BLESS=1 to write the tables anew");
    }
}
