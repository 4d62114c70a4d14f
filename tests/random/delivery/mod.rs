//! The receiver against the senders, with random deliveries, losses, restarts, forgeries
//! and proxies that strip headers.
//!
//! The same scenarios have to find every flaw that is put into a receiver; otherwise they
//! would prove nothing.

mod breakage;
mod kind;
mod network;
mod receiver;

use std::time::Duration;

use order_webhooks::testing::{Forgery, Random};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use kind::Kind;
use network::{Sent, Trouble, Violation, step};
use receiver::{Flaw, Receiver};

/// The deliveries, and which of them sends its next request with which trouble.
#[derive(Debug, Clone)]
struct Scenario {
    deliveries: Vec<(Kind, Option<Forgery>)>,
    turns: Vec<(usize, Trouble)>,
}

fn scenario() -> impl Strategy<Value = Scenario> {
    let forgery = prop_oneof![
        3 => Just(None),
        1 => prop::sample::select(Forgery::ALL.to_vec()).prop_map(Some),
    ];
    let delivery = (prop::sample::select(Kind::ALL.to_vec()), forgery);
    let trouble = prop_oneof![
        3 => Just(Trouble::None),
        1 => Just(Trouble::Restart),
        1 => Just(Trouble::RequestLost),
        1 => Just(Trouble::AnswerLost),
        1 => Just(Trouble::NoAuthorization),
        1 => Just(Trouble::NoSignature),
        1 => Just(Trouble::NoChallenge),
        1 => Just(Trouble::HandlerFails),
    ];
    let turns = prop::collection::vec((any::<usize>(), trouble), 0..60);
    (prop::collection::vec(delivery, 1..6), turns)
        .prop_map(|(deliveries, turns)| Scenario { deliveries, turns })
}

/// Plays the scenario. Then nothing goes wrong any more: every delivery that has a try
/// left has to arrive.
fn play(scenario: &Scenario, flaw: Flaw) -> Result<(), Violation> {
    let mut receiver = Receiver::new(flaw);
    let deliveries = scenario.deliveries.iter().enumerate();
    let sent = |(number, &(kind, forgery))| Sent::new(kind, number, forgery);
    let mut sent: Vec<_> = deliveries.map(sent).collect();
    let count = sent.len();
    for (which, trouble) in &scenario.turns {
        step(&mut receiver, &mut sent[which % count], *trouble)?;
    }
    for sent in &mut sent {
        while sent.delivery.verdict().is_none() {
            step(&mut receiver, sent, Trouble::None)?;
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn receiver_and_senders_agree(scenario in scenario()) {
        prop_assert_eq!(play(&scenario, Flaw::None), Ok(()));
    }

    /// The receiver is down for this many seconds, from the first try on.
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
            let trouble =
                if sent.delivery.elapsed() < away { Trouble::RequestLost } else { Trouble::None };
            prop_assert_eq!(step(&mut receiver, &mut sent, trouble), Ok(()));
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

/// A damaged body or proof never becomes another event, and never verifies where the body
/// is signed.
#[test]
fn damaged_bodies_of_signed_deliveries_are_refused() {
    let mut random = Random::new(42);
    for kind in [Kind::Porterbuddy, Kind::V2, Kind::V2WithCredentials] {
        for _ in 0..200 {
            let mut sent = Sent::new(kind, 0, None);
            sent.delivery = sent.delivery.damaged(&mut random);
            let mut receiver = Receiver::new(Flaw::None);
            while sent.delivery.verdict().is_none() {
                let step = step(&mut receiver, &mut sent, Trouble::AnswerLost);
                assert!(matches!(step, Ok(()) | Err(Violation::FailedWithoutReason)));
            }
            assert!(!sent.delivery.verdict().unwrap().is_delivered());
            assert!(receiver.is_empty());
        }
    }
}
