//! The guard of port-outs under pressure, on four runtimes. What is asserted is
//! how many questions get which verdict, and what is reported.

use std::error::Error as _;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::fixture::{
    DEADLINE, Fixture, Gate, LATE, RUNTIMES, Runtime, allowed_of, ask_and_leave, ask_beside,
    axum_app, forged, in_memory, is_allowed, question, send, short, webhook,
};
use fixtures::port_outs;
use fixtures::samples::BANDWIDTH_USER;
use fixtures::sender::{Connection, Request};
use order_webhooks::bandwidth::{PortOutFailure, PortOutWebhook};

/// Runs this on every runtime at once, each with a server and a fixture of its own.
#[track_caller]
fn everywhere(
    webhook_for: impl Fn(PortOutWebhook) -> PortOutWebhook + Sync,
    check: impl Fn(Runtime, SocketAddr, &Arc<Fixture>) + Sync,
) {
    thread::scope(|scope| {
        for runtime in RUNTIMES {
            let fixture = Arc::new(Fixture::default());
            let address = runtime.serve(&fixture, webhook_for(webhook(&fixture)));
            let check = &check;
            scope.spawn(move || check(runtime, address, &fixture));
        }
    });
}

fn most(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).unwrap()
}

/// Forged questions and a reporter that is stuck at the first of them: every
/// genuine question is allowed. What was not told one by one is told as a number.
#[test]
fn nobody_unproven_takes_anything_from_a_handler() {
    const FORGED: usize = 2_000;
    let gates: Vec<_> = RUNTIMES.iter().map(|_| Arc::new(Gate::default())).collect();
    for (runtime, gate) in RUNTIMES.into_iter().zip(gates) {
        let fixture = Arc::new(Fixture::default());
        let (stuck, tells) = (Arc::clone(&gate), Arc::clone(&fixture));
        let webhook = webhook(&fixture).with_reporter(move |failure| {
            stuck.wait();
            tells.told.lock().unwrap().push(failure);
        });
        let address = runtime.serve(&fixture, webhook);
        let forge = move || {
            let mut connection = Connection::open(address);
            for _ in 0..FORGED / 4 {
                let response = connection.send(&forged().keeping_the_connection());
                assert!(!is_allowed(&response));
            }
        };
        let forgers: Vec<_> = (0..4).map(|_| thread::spawn(forge)).collect();
        assert_eq!(allowed_of(address, "allow", 20), 20, "{runtime:?}");
        for forger in forgers {
            forger.join().unwrap();
        }
        assert_eq!(allowed_of(address, "allow", 20), 20, "{runtime:?}");

        // A failure of a proven sender is told before the forged ones that wait.
        assert!(!is_allowed(&send(address, &question("fail"))));
        gate.open();
        let all_told = |fixture: &Fixture| {
            let told = fixture.told.lock().unwrap();
            let count = |failure: &PortOutFailure| match failure {
                PortOutFailure::Missed { forged, .. } => usize::try_from(*forged).unwrap(),
                PortOutFailure::Refused(_) => 1,
                _ => 0,
            };
            told.iter().map(count).sum::<usize>() == FORGED
        };
        fixture.wait_until("every forged question is told or counted", all_told);
        let told = fixture.told();
        assert!(told.len() <= 300, "{} reports were kept", told.len());
        assert_eq!(told[1], "the handler failed", "{runtime:?}");
    }
}

/// More handlers at once than the runtime has threads for blocking work, each of
/// which needs one: none waits for another one for ever.
#[test]
fn handlers_that_need_the_runtimes_pool_do_not_lock_each_other_out() {
    everywhere(
        |webhook| webhook,
        |runtime, address, fixture| {
            assert_eq!(allowed_of(address, "use the pool", 200), 200, "{runtime:?}");
            assert_eq!(allowed_of(address, "spawn", 20), 20, "{runtime:?}");
            assert_eq!(fixture.told(), Vec::<String>::new());
        },
    );
}

/// Handlers that block for ever cost their places and nothing else.
#[test]
fn handlers_that_block_take_no_place_but_their_own() {
    everywhere(
        |webhook| webhook.with_most_at_once(most(42)),
        |runtime, address, fixture| {
            ask_beside(address, "block", 40);
            fixture.wait_for_handlers(40);
            assert_eq!(allowed_of(address, "allow", 50), 50, "{runtime:?}");
            assert_eq!(allowed_of(address, "use the pool", 20), 20, "{runtime:?}");
            let other = send(address, &Request::post("/other"));
            assert_eq!((other.status, &*other.body), (200, &b"other"[..]), "{runtime:?}");
            fixture.gate.open();
        },
    );
}

/// The same in full size: 530 handlers that block for ever, 1,100 that need a thread
/// of a pool of four at the same time, and 200 healthy ones, with the defaults.
#[test]
#[ignore = "needs 4,000 open files and a minute"]
fn at_full_size() {
    for runtime in RUNTIMES {
        let fixture = Arc::new(Fixture::default());
        let address = runtime.serve(&fixture, webhook(&fixture));
        ask_beside(address, "block", 530);
        fixture.wait_for_handlers(530);
        assert_eq!(allowed_of(address, "allow", 200), 200, "{runtime:?}");
        assert_eq!(allowed_of(address, "use the pool", 1_100), 1_100, "{runtime:?}");
        assert_eq!(send(address, &Request::post("/other")).status, 200, "{runtime:?}");
        assert_eq!(fixture.told(), Vec::<String>::new(), "{runtime:?}");
        fixture.gate.open();
    }
}

/// When every place is taken, the others wait for their turn within their
/// deadline; who gets none in time gets the verdict for failures, and never
/// starts, not even when there is a place again.
#[test]
fn a_question_waits_for_its_turn_and_what_is_answered_never_starts() {
    everywhere(
        |webhook| short(webhook).with_most_at_once(most(2)),
        |runtime, address, fixture| {
            let waiting = thread::spawn(move || allowed_of(address, "be slow", 3));
            assert_eq!(waiting.join().unwrap(), 2, "the third has its turn, and no time left");

            ask_beside(address, "block", 2);
            let before = 3 + 2;
            fixture.wait_for_handlers(before);
            assert_eq!(allowed_of(address, "allow", 5), 0, "{runtime:?}");
            let other = send(address, &Request::post("/other"));
            assert_eq!(other.status, 200, "{runtime:?}");
            fixture.gate.open();
            // There is a place again, and the order is kept.
            assert_eq!(allowed_of(address, "allow", 1), 1, "{runtime:?}");
            assert_eq!(fixture.started(), before + 1, "{runtime:?}");
            let not_asked = "the handler was not started by the deadline";
            let told = fixture.told();
            assert_eq!(told.iter().filter(|told| *told == not_asked).count(), 5, "{told:?}");
        },
    );
}

#[test]
fn a_handler_is_over_when_its_question_is_answered() {
    everywhere(short, |runtime, address, fixture| {
        assert!(!is_allowed(&send(address, &question("stall"))), "{runtime:?}");
        fixture
            .wait_until("it is dropped", |fixture| fixture.cancelled.load(Ordering::SeqCst) == 1);
        assert!(!is_allowed(&send(address, &question("be late"))), "{runtime:?}");
        thread::sleep(DEADLINE);
        assert_eq!(fixture.effects.load(Ordering::SeqCst), 0, "{runtime:?}");
        fixture.wait_for_reports(&[LATE, LATE]);
    });
}

/// Neither waiting nor blocking gives a handler more time than it has.
#[test]
fn a_handler_that_blocks_has_no_more_time_than_others() {
    everywhere(short, |runtime, address, _| {
        assert!(!is_allowed(&send(address, &question("block too long"))), "{runtime:?}");
    });
}

/// The body takes three fifths of the time, and so does the handler.
#[test]
fn the_deadline_runs_from_the_head() {
    everywhere(short, |runtime, address, _| {
        let request = question("be slow");
        assert!(is_allowed(&send(address, &request)), "{runtime:?}");
        let mut connection = Connection::open(address);
        connection.write(&request.head()).unwrap();
        thread::sleep(DEADLINE * 3 / 5);
        connection.write(&request.written_body()).unwrap();
        assert!(!is_allowed(&connection.final_response(false).unwrap()), "{runtime:?}");
    });
}

/// Panics of the handler, of what it panics with, of what it leaves behind, of
/// its error and of the reporter end nothing but themselves.
#[test]
fn no_panic_ends_the_connection() {
    let awkward = [
        "panic",
        "panic with an awkward payload",
        "fail with an awkward error",
        "be awkward when cancelled",
    ];
    everywhere(short, |runtime, address, fixture| {
        for pon in awkward {
            assert!(!is_allowed(&send(address, &question(pon))), "{runtime:?}: {pon}");
        }
        let panicked = "the handler panicked";
        fixture.wait_for_reports(&[panicked, panicked, "the handler failed", LATE]);
        // An awkward error panics when the test drops it, too.
        std::mem::forget(std::mem::take(&mut *fixture.told.lock().unwrap()));
    });
    everywhere(
        |webhook| short(webhook).with_reporter(|failure| panic!("on purpose: {failure}")),
        |runtime, address, _| {
            // A panic during a panic ends any process; so without the awkward error.
            for pon in awkward.into_iter().filter(|pon| !pon.starts_with("fail")) {
                assert!(!is_allowed(&send(address, &question(pon))), "{runtime:?}: {pon}");
                assert!(!is_allowed(&send(address, &forged())), "{runtime:?}");
            }
            assert!(is_allowed(&send(address, &question("allow"))), "{runtime:?}");
        },
    );
}

/// With nobody to report to, errors are dropped: on the handler's thread, where a drop
/// that panics or blocks holds up no answer and no other route.
#[test]
fn an_error_without_a_reporter_is_dropped_on_the_handlers_thread() {
    let unheard = || port_outs::webhook().with_deadline(DEADLINE).unwrap();
    everywhere(
        |_| unheard(),
        |runtime, address, _| {
            for pon in [
                "fail with an awkward error",
                "panic with an awkward payload",
                "be awkward when cancelled",
                "block too long and fail with an awkward error",
            ] {
                assert!(!is_allowed(&send(address, &question(pon))), "{runtime:?}: {pon}");
            }
            thread::sleep(DEADLINE);
            let started = Instant::now();
            let blocks = question("fail with an error that blocks");
            assert!(!is_allowed(&send(address, &blocks)), "{runtime:?}");
            assert_eq!(send(address, &Request::post("/other")).status, 200, "{runtime:?}");
            assert!(is_allowed(&send(address, &question("allow"))), "{runtime:?}");
            assert!(started.elapsed() < DEADLINE, "{runtime:?}: {:?}", started.elapsed());
        },
    );
}

/// What only actix's own threads can do panics, is told, and is answered.
#[test]
fn a_handler_that_spawns_a_local_task_panics_and_is_answered() {
    everywhere(
        |webhook| webhook,
        |runtime, address, fixture| {
            assert!(!is_allowed(&send(address, &question("spawn locally"))), "{runtime:?}");
            fixture.wait_for_reports(&["the handler panicked"]);
        },
    );
}

/// Servers notice at different times that a sender has left, or not at all: what
/// is reported is the same.
#[test]
fn a_sender_that_leaves_early_is_reported_alike() {
    everywhere(short, |_, address, fixture| {
        let failed = "the handler failed";
        for (pon, handlers, reports) in
            [("fail later", 1, &[failed][..]), ("stall", 2, &[failed, LATE])]
        {
            let leaver = ask_and_leave(address, pon);
            fixture.wait_for_handlers(handlers);
            drop(leaver);
            fixture.wait_for_reports(reports);
        }
        let mut connection = Connection::open(address);
        connection.write(&question("allow").declaring(1_000).head()).unwrap();
        connection.write(b"<Port").unwrap();
        drop(connection);
        fixture.wait_for_reports(&[failed, LATE, "the body is incomplete"]);
    });
}

/// A challenge is a normal step; whatever else is answered for is told, with what
/// the handler returned and the body of a proven sender.
#[test]
fn what_is_reported_and_what_is_not() {
    everywhere(short, |runtime, address, fixture| {
        let bare = Request::post("/port-out").body(question("allow").written_body());
        let asked = send(address, &bare);
        assert_eq!((asked.status, &*asked.body), (401, &b""[..]), "{runtime:?}");
        assert!(!is_allowed(&send(address, &forged())));
        let broken = Request::post("/port-out").header("Authorization", BANDWIDTH_USER);
        assert!(!is_allowed(&send(address, &broken.body("not XML"))));
        assert!(!is_allowed(&send(address, &question("fail"))));
        assert!(is_allowed(&send(address, &question("allow"))));
        let other = Request::new("PUT", "/port-out").header("Authorization", BANDWIDTH_USER);
        assert_eq!(send(address, &other).status, 405, "{runtime:?}");
        fixture.wait_until("four are told", |fixture| fixture.told().len() == 4);
        thread::sleep(Duration::from_millis(50));
        let told = std::mem::take(&mut *fixture.told.lock().unwrap());
        let mut bodies: Vec<Option<bytes::Bytes>> = told
            .iter()
            .map(|failure| match failure {
                PortOutFailure::Refused(rejection) => rejection.verified_body().cloned(),
                failure => failure.source().map(|error| error.to_string().into()),
            })
            .collect();
        // What a proven sender has to do with may be told before what is forged.
        bodies.sort_unstable();
        let (body, error) = (b"not XML".as_slice().into(), "no such record".into());
        assert_eq!(bodies, [None, None, Some(error), Some(body)], "{runtime:?}: {told:?}");
        assert!(!format!("{told:?}").contains("no such record"), "the error may be customer data");
    });
}

/// In a process that gets no thread at all a question is answered by the deadline,
/// nothing panics, and the log says why. The stack of such a thread would be too large.
#[test]
fn a_thread_that_the_system_refuses_is_no_panic() {
    const VARIABLE: &str = "RUST_MIN_STACK";
    let this = "guard::a_thread_that_the_system_refuses_is_no_panic";
    if std::env::var_os(VARIABLE).is_none_or(|stack| stack.len() < 15) {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", this, "--test-threads=1"]).env(VARIABLE, "100000000000000");
        let output = child.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let log = String::from_utf8_lossy(&output.stderr);
        // The reporter's at the route; then for each question its handler's, and the
        // reporter's again.
        assert_eq!(log.matches("the system gives no thread for handlers").count(), 7, "{log}");
        return;
    }
    assert!(thread::Builder::new().spawn(|| ()).is_err(), "the test makes threads impossible");
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let fixture = Arc::new(Fixture::default());
    let webhook = webhook(&fixture).with_deadline(Duration::from_millis(300)).unwrap();
    let app = axum_app(&fixture, webhook);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for _ in 0..3 {
        let answer = runtime.block_on(answer_of(&app));
        assert!(answer.contains("<Code>7598</Code>"), "{answer}");
    }
}

/// The answer to a question in memory.
async fn answer_of(app: &axum::Router) -> String {
    let response = tower::ServiceExt::oneshot(app.clone(), in_memory("allow")).await.unwrap();
    let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
    String::from_utf8(body.into()).unwrap()
}

/// Without tokio's timer nothing has a time limit. A route that is built inside of
/// such a runtime says so at once, and one that is built before it at each question.
#[test]
fn a_runtime_without_a_timer_is_noticed() {
    let without_timer = || tokio::runtime::Builder::new_current_thread().build().unwrap();
    let fixture = Arc::new(Fixture::default());
    let app = || axum_app(&fixture, webhook(&fixture));
    let at_start_up = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        without_timer().block_on(async { drop(app()) });
    }));
    let message = at_start_up.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("enable_time"), "{message}");

    let app = app();
    let answer = without_timer().block_on(answer_of(&app));
    for element in
        ["<PON>allow</PON>", "<Code>7598</Code>", "<TelephoneNumber>2223331000</TelephoneNumber>"]
    {
        assert!(answer.contains(element), "{answer}");
    }
    fixture.wait_for_reports(&["the runtime has no timer; build it with `enable_time`"]);
}

/// What a handler logs is in the span of its request, on whatever thread it runs, and
/// so is what is logged of its answer.
#[test]
fn a_handler_runs_inside_the_span_of_its_request() {
    use tracing::Instrument as _;
    use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
    use tracing_subscriber::registry::LookupSpan;

    #[derive(Clone, Default)]
    struct Entered(Arc<Mutex<Vec<Option<String>>>>);
    impl<S: tracing::Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Entered {
        fn on_event(&self, event: &tracing::Event<'_>, context: Context<'_, S>) {
            assert!(context.lookup_current().is_some(), "{event:?}");
        }
        fn on_enter(&self, _: &tracing::Id, _: Context<'_, S>) {
            self.0.lock().unwrap().push(thread::current().name().map(str::to_owned));
        }
    }
    let entered = Entered::default();
    let fixture = Arc::new(Fixture::default());
    let webhook = webhook(&fixture);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let subscriber = tracing_subscriber::registry().with(entered.clone());
    tracing::subscriber::with_default(subscriber, || {
        let answer =
            order_webhooks::body::port_out(&webhook, in_memory("allow"), fixture.handler());
        runtime.block_on(answer.instrument(tracing::info_span!("request")));
    });
    let entered = entered.0.lock().unwrap();
    assert!(entered.contains(&Some("port-out".to_owned())), "{entered:?}");
}
