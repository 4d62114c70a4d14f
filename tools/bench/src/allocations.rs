//! The same work again, counting what the heap gives.

use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;

use crate::{bodies, delivery, parse, verify};

/// Prints one table, and says whether nothing took more than its target.
pub fn print() -> bool {
    let body = verify::body(200);
    let xml = [1, 1_000, 100_000].map(|numbers| bodies::bandwidth(numbers, false));
    let [one, thousand, most] = &xml;
    let mut missed = false;
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN);
    table.set_header(["work", "by", "heap allocations", "target"]);
    for (work, ways, target) in [
        ("verify 200 B", verify::ways(&body), 0),
        ("Basic auth", verify::basic(), 0),
        ("verify and parse M", delivery::musement(), 0),
        ("verify and parse P", delivery::porterbuddy(), 2),
        ("parse B, n = 1", parse::xml(one), 10),
        ("parse B, n = 1,000", parse::xml(thousand), 18),
        ("parse B, n = 100,000", parse::xml(most), 25),
    ] {
        for mut way in ways {
            way.times(1);
            let taken = allocation_counter::measure(|| way.times(1)).count_total;
            let ours = way.name.starts_with("ours");
            missed |= ours && taken > target;
            let target = if ours { format!("≤ {target}") } else { String::new() };
            table.add_row([work, way.name, &taken.to_string(), &target]);
        }
    }
    println!("{table}\n");
    !missed
}
