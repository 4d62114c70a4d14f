//! The table of deliveries that every receiver of this workspace is tested with,
//! and what drives it.

mod answer;
mod drive;
mod table;

pub use answer::Answer;
pub use drive::{check, over};
pub use table::{Row, joined, table};
