//! Puts mutants behind switches, so that all of them are built at once.
//!
//! Nothing is taken out of the source, and what a switch adds is text before and after
//! what is there: `a && b` becomes `(if crate::mutants::on(17) {a || b} else {a && b})`.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// A change, as `cargo mutants --list --json` lists it.
#[derive(Deserialize)]
pub struct Mutant {
    pub file: String,
    /// With the file, the line and the column before it.
    pub name: String,
    genre: String,
    replacement: String,
    /// What the replacement stands for.
    span: Lines,
}

#[derive(Deserialize)]
struct Lines {
    start: Position,
    end: Position,
}

#[derive(Deserialize)]
struct Position {
    line: usize,
    column: usize,
}

impl Position {
    fn in_bytes(&self, source: &str) -> usize {
        let before: usize = source.split_inclusive('\n').take(self.line - 1).map(str::len).sum();
        let line = &source[before..];
        before + line.char_indices().nth(self.column - 1).map_or(line.len(), |(at, _)| at)
    }
}

impl Mutant {
    pub fn range(&self, source: &str) -> Range<usize> {
        self.span.start.in_bytes(source)..self.span.end.in_bytes(source)
    }

    /// Its name without the place, which moves.
    pub fn change(&self) -> &str {
        self.name.splitn(4, ':').nth(3).unwrap().trim()
    }

    /// `src/auth` for a file in it, `src` for one that is in no folder.
    pub fn folder(&self) -> &str {
        let end = self.file.match_indices('/').nth(1).or(self.file.match_indices('/').next());
        &self.file[..end.unwrap().0]
    }

    /// The source with this change and no switch.
    pub fn applied(&self, source: &str) -> String {
        let Range { start, end } = self.range(source);
        [&source[..start], &self.replacement, &source[end..]].concat()
    }
}

/// Where the switch of a mutant can stand.
enum Switch {
    /// Before what is there; `})` closes it.
    Around(Range<usize>, String),
    At(usize, String),
    /// Nowhere, as no such program compiles.
    Unviable,
}

/// A file with switches.
pub struct Switched {
    pub source: String,
    /// The text that each mutant has added, by its bytes.
    pub added: Vec<(Range<usize>, usize)>,
    pub unviable: Vec<usize>,
}

/// Places the mutants of one file, each with its number. What finds no place is not in `added`.
pub fn place(source: &str, mutants: &[(usize, &Mutant)]) -> syn::Result<Switched> {
    let ranges = mutants.iter().map(|(n, mutant)| (*n, *mutant, mutant.range(source))).collect();
    let (found, consts) = (BTreeMap::new(), Vec::new());
    let mut finder = Finder { source, mutants: ranges, found, consts, fixed: false };
    let mut texts = Vec::new();
    finder.visit_file(&syn::parse_file(source)?);
    // Of two that begin at the same place, the longer is outside.
    for (n, switch) in &finder.found {
        match switch {
            Switch::Around(Range { start, end }, text) => {
                texts.push((*start, 2, Reverse(*end), *n, text.as_str()));
                texts.push((*end, 0, Reverse(*start), *n, "})"));
            }
            Switch::At(at, text) => texts.push((*at, 1, Reverse(0), *n, text)),
            Switch::Unviable => {}
        }
    }
    for Range { start, end } in &finder.consts {
        texts.push((*start, 2, Reverse(*end), usize::MAX, "/*"));
        texts.push((*end, 0, Reverse(*start), usize::MAX, "*/"));
    }
    texts.sort_unstable();
    let (mut switched, mut copied) = (String::new(), 0);
    let mut added = Vec::new();
    for (at, _, _, n, text) in texts {
        switched.push_str(&source[copied..at]);
        copied = at;
        added.push((switched.len()..switched.len() + text.len(), n));
        switched.push_str(text);
    }
    switched.push_str(&source[copied..]);
    let unviable = finder.found.iter().filter(|(_, switch)| matches!(switch, Switch::Unviable));
    let unviable = unviable.map(|(n, _)| *n).collect();
    Ok(Switched { source: switched, added, unviable })
}

struct Finder<'a> {
    source: &'a str,
    mutants: Vec<(usize, &'a Mutant, Range<usize>)>,
    found: BTreeMap<usize, Switch>,
    /// The words of functions in which something is switched, so that they cannot stay.
    consts: Vec<Range<usize>>,
    /// Inside of a constant, which is computed before anything can be switched.
    fixed: bool,
}

impl<'a> Finder<'a> {
    /// The mutants of this kind that replace what begins here.
    fn starting(&self, genre: &str, at: usize) -> Vec<(usize, &'a Mutant, Range<usize>)> {
        let wanted = |(_, mutant, range): &&(usize, &Mutant, Range<usize>)| {
            mutant.genre == genre && range.start == at && !self.fixed
        };
        self.mutants.iter().filter(wanted).cloned().collect()
    }

    /// Switches between the expression and itself with `part` replaced.
    fn replace_in(&mut self, whole: &impl Spanned, part: Range<usize>, n: usize, new: &str) {
        let whole = whole.span().byte_range();
        let (before, after) = (whole.start..part.start, part.end..whole.end);
        let mutated = [&self.source[before], new, &self.source[after]].concat();
        let text = format!("(if crate::mutants::on({n}) {{{mutated}}} else {{");
        self.found.insert(n, Switch::Around(whole, text));
    }

    fn function(&mut self, signature: &syn::Signature, body: &syn::Block) {
        let [Some(first), Some(last)] = [body.stmts.first(), body.stmts.last()] else { return };
        let whole = first.span().byte_range().start..last.span().byte_range().end;
        let is_mutated = |it: &(usize, &Mutant, Range<usize>)| whole.contains(&it.2.start);
        if let Some(word) = signature.constness
            && self.mutants.iter().any(is_mutated)
        {
            self.consts.push(word.span().byte_range());
        }
        let returned = signature.output.span().byte_range();
        let returned = &self.source[returned];
        for (n, mutant, _) in self.starting("FnValue", whole.start) {
            let new = &mutant.replacement;
            let items = returned.strip_prefix("-> impl Iterator<Item = ");
            let switch = if let Some(item) = items.and_then(|rest| rest.strip_suffix('>')) {
                let call = format!("crate::mutants::either::<{item}, _, _>");
                Switch::Around(whole.clone(), format!("{call}({n}, || {new}, || {{"))
            } else if returned.contains("impl ") {
                continue;
            } else {
                let text = format!("if crate::mutants::on({n}) {{ return {new}; }} ");
                Switch::At(whole.start, text)
            };
            self.found.insert(n, switch);
        }
    }

    fn inside(&mut self, fixed: bool, visit: impl FnOnce(&mut Self)) {
        let before = self.fixed;
        self.fixed |= fixed;
        visit(self);
        self.fixed = before;
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_expr_binary(&mut self, expr: &'ast syn::ExprBinary) {
        let operator = expr.op.span().byte_range();
        for (n, mutant, _) in self.starting("BinaryOperator", operator.start) {
            // A pattern that is matched in a chain can stand nowhere but in one of `&&`.
            if [&expr.left, &expr.right].into_iter().any(|side| has_let(side)) {
                self.found.insert(n, Switch::Unviable);
            } else {
                self.replace_in(expr, operator.clone(), n, &mutant.replacement);
            }
        }
        visit::visit_expr_binary(self, expr);
    }

    fn visit_expr_unary(&mut self, expr: &'ast syn::ExprUnary) {
        for (n, mutant, part) in self.starting("UnaryOperator", expr.span().byte_range().start) {
            self.replace_in(expr, part, n, &mutant.replacement);
        }
        visit::visit_expr_unary(self, expr);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        let guard = arm.guard.as_ref().map(|(_, guard)| &**guard);
        for (n, ..) in self.starting("MatchArm", arm.span().byte_range().start) {
            if let Some(guard) = guard {
                self.replace_in(guard, guard.span().byte_range(), n, "false");
            } else {
                let text = format!(" if !crate::mutants::on({n})");
                self.found.insert(n, Switch::At(arm.pat.span().byte_range().end, text));
            }
        }
        if let Some(guard) = guard {
            for (n, mutant, part) in self.starting("MatchArmGuard", guard.span().byte_range().start)
            {
                self.replace_in(guard, part, n, &mutant.replacement);
            }
        }
        visit::visit_arm(self, arm);
    }

    fn visit_expr_struct(&mut self, expr: &'ast syn::ExprStruct) {
        for pair in expr.fields.pairs() {
            let mut part = pair.value().span().byte_range();
            for (n, ..) in self.starting("StructField", part.start) {
                part.end = pair.punct().map_or(part.end, |comma| comma.span().byte_range().end);
                self.replace_in(expr, part.clone(), n, "");
            }
        }
        visit::visit_expr_struct(self, expr);
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(body) = &item.default {
            self.function(&item.sig, body);
        }
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.inside(true, |it| visit::visit_item_const(it, item));
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        self.inside(true, |it| visit::visit_item_static(it, item));
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        self.inside(true, |it| visit::visit_impl_item_const(it, item));
    }

    fn visit_type_array(&mut self, array: &'ast syn::TypeArray) {
        self.inside(true, |it| visit::visit_type_array(it, array));
    }

    fn visit_expr_repeat(&mut self, expr: &'ast syn::ExprRepeat) {
        self.visit_expr(&expr.expr);
        self.inside(true, |it| it.visit_expr(&expr.len));
    }
}

fn has_let(expr: &syn::Expr) -> bool {
    match expr {
        syn::Expr::Let(_) => true,
        syn::Expr::Binary(chain) => has_let(&chain.left) || has_let(&chain.right),
        _ => false,
    }
}
