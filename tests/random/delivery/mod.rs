//! The receiver's machine against the senders', in any order of deliveries,
//! losses, restarts, forgeries, and proxies that strip headers.
//!
//! A receiver with a flaw has to be found out by the same scenarios, or they
//! would show nothing.

mod breakage;
mod kind;
mod receiver;
mod world;

use std::time::Duration;

use order_webhooks::testing::{Forgery, Random};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use kind::Kind;
use receiver::{Flaw, Receiver};
use world::{Sent, Violation, Weather, step};

/// Who sends what, and in which order and weather requests get their turn.
#[derive(Debug, Clone)]
struct Scenario {
    deliveries: Vec<(Kind, Option<Forgery>)>,
    turns: Vec<(usize, Weather)>,
}

fn scenario() -> impl Strategy<Value = Scenario> {
    let forgery = prop_oneof![
        3 => Just(None),
        1 => prop::sample::select(Forgery::ALL.to_vec()).prop_map(Some),
    ];
    let delivery = (prop::sample::select(Kind::ALL.to_vec()), forgery);
    let weather = prop_oneof![
        3 => Just(Weather::Fine),
        1 => Just(Weather::Restart),
        1 => Just(Weather::RequestLost),
        1 => Just(Weather::AnswerLost),
        1 => Just(Weather::NoAuthorization),
        1 => Just(Weather::NoSignature),
        1 => Just(Weather::NoChallenge),
        1 => Just(Weather::HandlerFails),
    ];
    let turns = prop::collection::vec((any::<usize>(), weather), 0..60);
    (prop::collection::vec(delivery, 1..6), turns)
        .prop_map(|(deliveries, turns)| Scenario { deliveries, turns })
}

/// Plays the scenario, and then lets every delivery come to its end in fine
/// weather: whatever has a try left is delivered then.
fn play(scenario: &Scenario, flaw: Flaw) -> Result<(), Violation> {
    let mut receiver = Receiver::new(flaw);
    let deliveries = scenario.deliveries.iter().enumerate();
    let sent = |(number, &(kind, forgery))| Sent::new(kind, number, forgery);
    let mut sent: Vec<_> = deliveries.map(sent).collect();
    let count = sent.len();
    for (which, weather) in &scenario.turns {
        step(&mut receiver, &mut sent[which % count], *weather)?;
    }
    for sent in &mut sent {
        while sent.delivery.verdict().is_none() {
            step(&mut receiver, sent, Weather::Fine)?;
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_two_machines_agree(scenario in scenario()) {
        prop_assert_eq!(play(&scenario, Flaw::None), Ok(()));
    }

    /// The receiver is away from the first try on, for as many seconds.
    #[test]
    fn what_ends_within_the_schedule_costs_nothing(
        kind in prop::sample::select(Kind::ALL.to_vec()),
        away in prop_oneof![0..3000_u64, 0..100_000_u64],
    ) {
        let away = Duration::from_secs(away);
        let mut receiver = Receiver::new(Flaw::None);
        let mut sent = Sent::new(kind, 0, None);
        let retries = kind.sender().policy().retries;
        let schedule: Duration = (1..).map_while(|failed| retries.wait_after(failed)).sum();
        while sent.delivery.verdict().is_none() {
            let weather =
                if sent.delivery.elapsed() < away { Weather::RequestLost } else { Weather::Fine };
            prop_assert_eq!(step(&mut receiver, &mut sent, weather), Ok(()));
        }
        prop_assert_eq!(sent.delivery.verdict().unwrap().is_delivered(), away <= schedule);
    }
}

#[test]
fn every_flaw_is_found() {
    for (flaw, violation) in [
        (Flaw::NoChallenge, Violation::NoChallengeIn401),
        (Flaw::AcceptsBareRequests, Violation::BareRequestAccepted),
        (Flaw::AcceptsStrangers, Violation::EventWithoutProof),
        (Flaw::KeepsNothing, Violation::DeliveredButNotKept),
        (Flaw::ConfirmsWith204, Violation::FailedWithoutReason),
        (Flaw::RemembersChallenges, Violation::FailedWithoutReason),
        (Flaw::DeniesWith7599, Violation::AnotherPortOutVerdict),
    ] {
        let mut runner = TestRunner::deterministic();
        let found = (0..300).any(|_| {
            let scenario = scenario().new_tree(&mut runner).unwrap().current();
            play(&scenario, flaw) == Err(violation)
        });
        assert!(found, "{flaw:?} was not found");
    }
}

/// What a body or a proof that is damaged anywhere becomes: never an event of
/// somebody else, and never a delivery that signed webhooks take.
#[test]
fn damaged_bodies_of_signed_deliveries_are_refused() {
    let mut random = Random::new(42);
    for kind in [Kind::Porterbuddy, Kind::V2, Kind::V2WithCredentials] {
        for _ in 0..200 {
            let mut sent = Sent::new(kind, 0, None);
            sent.delivery = sent.delivery.damaged(&mut random);
            let mut receiver = Receiver::new(Flaw::None);
            while sent.delivery.verdict().is_none() {
                let step = step(&mut receiver, &mut sent, Weather::AnswerLost);
                assert!(matches!(step, Ok(()) | Err(Violation::FailedWithoutReason)));
            }
            assert!(!sent.delivery.verdict().unwrap().is_delivered());
            assert!(receiver.is_empty());
        }
    }
}
