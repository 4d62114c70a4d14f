//! What the inbox needs of the engine: two streams, a bucket and a consumer.

use std::env;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_nats::ConnectOptions;
use async_nats::jetstream::consumer::{AckPolicy, pull};
use async_nats::jetstream::context::{Context, ContextBuilder};
use async_nats::jetstream::stream::{self, DiscardPolicy};
use tokio::time::sleep;

use super::JetStream;
use crate::inbox::queue::Room;
use crate::inbox::{Chain, Rules, StoreError};

/// The consumer that all workers share.
pub(super) const WORKERS: &str = "workers";

/// How long the engine remembers who has changed a thing. A node that was killed does
/// the end of its log again when it comes back, and knows by the ids what it has
/// done already (2.9). So this is longer than a node is away, and no change of this
/// time is removed from the bucket.
const SWAPPING: Duration = Duration::from_secs(120);

/// How many states of a thing are kept: as many as a bucket can have.
const STATES: i64 = 64;

/// How long a cluster may take to be there.
const STARTING: Duration = Duration::from_secs(60);

/// Where the engine is, and how safe it keeps what it is given.
#[derive(Clone)]
pub(crate) struct Settings {
    /// The nodes, with commas between them.
    pub(crate) url: String,
    /// What the streams and the bucket are called after.
    pub(crate) name: String,
    pub(crate) replicas: usize,
    /// How long the engine remembers the ids of messages. A duplicate that comes
    /// later is one more message, which a worker finds to be stale.
    pub(crate) remembers: Duration,
    /// How long a worker may take. After that, another one gets the delivery.
    pub(crate) takes: Duration,
    trouble: Arc<Mutex<Option<(String, Instant)>>>,
}

impl Settings {
    pub(crate) fn new(url: &str, name: &str) -> Self {
        let (url, name) = (url.to_owned(), name.to_owned());
        let (remembers, takes) = (Duration::from_secs(600), Duration::from_secs(10));
        Self { url, name, replicas: 1, remembers, takes, trouble: Arc::default() }
    }

    /// `NATS_URL`, and `NATS_REPLICAS`: 3 in a cluster.
    pub(crate) fn from_env() -> Result<Self, StoreError> {
        let url = env::var("NATS_URL").unwrap_or_else(|_| "nats://127.0.0.1:4222".into());
        let mut settings = Self::new(&url, "inbox");
        if let Ok(replicas) = env::var("NATS_REPLICAS") {
            settings.replicas = replicas.parse()?;
        }
        Ok(settings)
    }

    /// Remembers why something is tried again, and says it, once a second at most.
    pub(super) fn trouble(&self, error: &(dyn Error + 'static)) {
        let cause = Chain(error).to_string();
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let said = trouble.as_ref().map(|(_, said)| *said);
        if said.is_some_and(|said| said.elapsed() < Duration::from_secs(1)) {
            *trouble = said.map(|said| (cause, said));
            return;
        }
        tracing::warn!("the engine does not answer as it should, tried again: {cause}");
        *trouble = Some((cause, Instant::now()));
    }

    pub(super) fn last_trouble(&self) -> String {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.as_ref().map_or("the store is too slow", |(cause, _)| cause).to_owned()
    }
}

impl JetStream {
    /// Connects, and makes what is not there yet.
    pub(crate) async fn open(settings: Settings, rules: Rules) -> Result<Self, StoreError> {
        let servers: Vec<String> = settings.url.split(',').map(str::to_owned).collect();
        let client = ConnectOptions::new()
            .retry_on_initial_connect()
            .max_reconnects(None)
            .reconnect_delay_callback(|tries| Duration::from_millis(50 * tries.min(10) as u64))
            .ping_interval(Duration::from_secs(2))
            .connect(servers)
            .await?;
        let context = ContextBuilder::new()
            .timeout(Duration::from_secs(2))
            .max_ack_inflight(50_000)
            .build(client);
        let started = Instant::now();
        loop {
            match Self::set_up(&context, &settings, &rules).await {
                Err(error) if started.elapsed() < STARTING => {
                    settings.trouble(&*error);
                    sleep(Duration::from_millis(250)).await;
                }
                opened => return opened,
            }
        }
    }

    async fn set_up(
        context: &Context,
        settings: &Settings,
        rules: &Rules,
    ) -> Result<Self, StoreError> {
        let Settings { name, replicas, .. } = settings;
        let deliveries = stream::Config {
            name: format!("{name}_deliveries"),
            subjects: vec![format!("{name}.waiting.>")],
            num_replicas: *replicas,
            duplicate_window: settings.remembers,
            // A full stream says no. It does not lose what waits.
            discard: DiscardPolicy::New,
            ..Default::default()
        };
        let aside = stream::Config {
            name: format!("{name}_aside"),
            subjects: vec![format!("{name}.aside")],
            num_replicas: *replicas,
            duplicate_window: settings.remembers,
            ..Default::default()
        };
        // A bucket is a stream of this shape (ADR-8 of NATS). `create_key_value` would
        // ask something first that Debian's nats-server 2.9 answers in another form.
        let bucket = format!("{name}_things");
        let things = stream::Config {
            name: format!("KV_{bucket}"),
            subjects: vec![format!("$KV.{bucket}.>")],
            num_replicas: *replicas,
            max_messages_per_subject: STATES,
            discard: DiscardPolicy::New,
            allow_rollup: true,
            deny_delete: true,
            // Read by the leader: what only one node has is not decided.
            allow_direct: false,
            duplicate_window: SWAPPING,
            ..Default::default()
        };
        let workers = pull::Config {
            durable_name: Some(WORKERS.into()),
            ack_policy: AckPolicy::Explicit,
            ack_wait: settings.takes,
            // The workers count, and set aside. The engine would only stop to deliver.
            max_deliver: -1,
            max_ack_pending: 10_000,
            num_replicas: *replicas,
            ..Default::default()
        };
        let deliveries = context.get_or_create_stream(deliveries).await?;
        let aside = context.get_or_create_stream(aside).await?;
        context.get_or_create_stream(things).await?;
        let things = context.get_key_value(bucket).await?;
        let workers = deliveries.get_or_create_consumer(WORKERS, workers).await?;
        Ok(Self {
            context: context.clone(),
            settings: settings.clone(),
            deliveries,
            aside,
            things,
            workers,
            room: Room::default(),
            rules: rules.clone(),
        })
    }
}
