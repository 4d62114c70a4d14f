//! When every provider tries again at once, what comes again is sent away first.

#[path = "../src/overload/places.rs"]
mod places;
#[path = "../src/overload/storm.rs"]
mod storm;

use std::collections::BTreeMap;
use std::time::Duration;

use storm::Storm;

fn answers<const N: usize>(answers: [(u16, usize); N]) -> BTreeMap<u16, usize> {
    answers.into()
}

#[tokio::test(start_paused = true)]
async fn what_comes_again_is_shed_first_and_a_port_out_never() {
    let storm = Storm { each: 400, places: 16, takes: Duration::from_millis(100) };
    let outcome = storm.break_out().await.unwrap();
    // At most half of the places, and at most a quarter of them.
    for (sender, places) in [("musement", 8), ("porterbuddy", 4)] {
        let answers = &outcome.answers[sender];
        assert!((1..=places).contains(&answers[&200]), "{sender}: {answers:?}");
        assert_eq!(answers[&200] + answers[&503], 400, "{sender}: {answers:?}");
    }
    assert_eq!(outcome.answers["notifications"], answers([(200, 400)]));
    assert_eq!(outcome.answers["port-outs"], answers([(200, 400)]));
    assert_eq!(outcome.at_once, 16);
}

#[tokio::test(start_paused = true)]
async fn what_never_comes_again_waits_no_longer_than_its_patience() {
    let storm = Storm { each: 400, places: 4, takes: Duration::from_secs(1) };
    let outcome = storm.break_out().await.unwrap();
    let notifications = &outcome.answers["notifications"];
    // One place for the first second, when the others have theirs, then all four.
    assert!((25..=32).contains(&notifications[&200]), "{notifications:?}");
    assert_eq!(notifications[&200] + notifications[&500], 400);
    assert_eq!(outcome.answers["port-outs"], answers([(200, 400)]));
    assert_eq!(outcome.at_once, 4);
}
