//! What a receiver does when every provider tries again at once, after an
//! outage: it works on a bounded number of deliveries at once, and turns away
//! first those that come again.
//!
//! ```text
//! cargo run -p inbox --bin overload
//! ```
//!
//! The storm is made by the program itself, which ends when it is over. Who gets a
//! place is in `servers/inbox/src/overload/places.rs`.
#![allow(clippy::print_stdout, reason = "what happens is the point of the example")]

#[path = "../overload/places.rs"]
mod places;
#[path = "../overload/storm.rs"]
mod storm;

use std::error::Error;
use std::time::Duration;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let storm = storm::Storm { each: 500, places: 64, takes: Duration::from_millis(20) };
    println!("{:15} {:>5} {:>5} {:>5}  (of {})", "", "200", "503", "500", storm.each);
    let outcome = storm.break_out().await?;
    for (sender, answers) in &outcome.answers {
        let count = |status| answers.get(&status).copied().unwrap_or(0);
        println!("{sender:15} {:5} {:5} {:5}", count(200), count(503), count(500));
    }
    println!("at once: {} of {} places", outcome.at_once, storm.places);
    Ok(())
}
