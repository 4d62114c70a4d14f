//! The queue as a stream of NATS JetStream, in front of the tables in PostgreSQL.
//!
//! A receiver needs NATS alone. Workers move what is in the stream to PostgreSQL, and
//! acknowledge it to the stream after the commit; all else happens in PostgreSQL, as it
//! does without a stream. A message that is moved twice is one delivery: its id is unique
//! there, for longer than a stream knows the ids of its messages.

use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, PullConsumer, pull};
use async_nats::jetstream::stream::{
    Config, DiscardPolicy, PersistenceMode, RawMessageErrorKind, RetentionPolicy, StorageType,
    Stream,
};
use async_nats::jetstream::{AckKind, Context, Message};
use async_nats::{Client, HeaderMap, HeaderValue};
use futures_util::future::{join_all, try_join_all};
use futures_util::{StreamExt as _, TryStreamExt as _};
use sqlx::postgres::PgConnectOptions;
use tokio::sync::{Notify, OnceCell};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::postgres::Postgres;
use super::{Answer, Claim, New, Queue, Settled, Step};
use crate::error::{Error, chain};
use crate::operate::{Finding, SetAside, WebhookStatus};

/// A stream of NATS JetStream that deliveries are kept in; see
/// [`Inbox::jetstream`](crate::Inbox::jetstream).
#[derive(Clone)]
pub struct JetStream {
    client: Client,
    database: PgConnectOptions,
    stream: String,
    replicas: usize,
}

impl JetStream {
    /// The stream `ORDER_WEBHOOKS` on three nodes, and a database for the tables of the
    /// queue. It can be the one that your own tables are in.
    #[must_use]
    pub fn new(client: Client, database: PgConnectOptions) -> Self {
        Self { client, database, stream: "ORDER_WEBHOOKS".into(), replicas: 3 }
    }

    /// Another name for the stream: ASCII letters, digits, `-` and `_`.
    #[must_use]
    pub fn with_stream(mut self, name: &str) -> Self {
        name.clone_into(&mut self.stream);
        self
    }

    /// How many nodes have to keep each delivery: 3. With one, a delivery is lost with the
    /// disk of its node, and no other node takes over.
    #[must_use]
    pub const fn with_replicas(mut self, replicas: usize) -> Self {
        self.replicas = replicas;
        self
    }
}

/// Without the database's options, which hold its password.
impl fmt::Debug for JetStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JetStream")
            .field("stream", &self.stream)
            .field("replicas", &self.replicas)
            .finish_non_exhaustive()
    }
}

/// The one durable consumer of the stream, which all workers share.
const CONSUMER: &str = "workers";

/// How long a worker has for moving a message, until another is given it.
const ACK_WAIT: Duration = Duration::from_secs(30);

/// How long a message stays in the stream that this program cannot read.
const UNREADABLE: Duration = Duration::from_mins(5);

/// How soon what could not be moved is tried again.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// How many messages are moved in one transaction.
const GROUP: usize = 64;

/// The headers of a message. Its payload is the envelope, as one line of JSON.
const ID: &str = "Order-Webhooks-Id";
const KEY: &str = "Order-Webhooks-Key";
const REVISION: &str = "Order-Webhooks-Revision";

pub(crate) struct Jetstream {
    shared: Arc<Shared>,
    mover: OnceLock<JoinSet<()>>,
}

struct Shared {
    context: Context,
    stream: Stream,
    options: JetStream,
    longest: Duration,
    /// Connected when it is needed first: a receiver starts without PostgreSQL.
    tables: OnceCell<Postgres>,
    wake: Arc<Notify>,
}

impl Jetstream {
    pub(crate) async fn open(options: JetStream, longest: Duration) -> Result<Self, Error> {
        let context = async_nats::jetstream::new(options.client.clone());
        let config = Config {
            name: options.stream.clone(),
            subjects: vec![format!("{}.*", options.stream)],
            storage: StorageType::File,
            retention: RetentionPolicy::WorkQueue,
            discard: DiscardPolicy::New,
            num_replicas: options.replicas,
            ..Config::default()
        };
        // Of many that create it at once, some are left without an answer for a while, or ask
        // a node that has not heard of it.
        let mut tries = 0..5;
        let (stream, found) = loop {
            match create(&context, &config).await {
                Err(_) if tries.next().is_some() => sleep(Duration::from_millis(500)).await,
                created => break created?,
            }
        };
        if let Some(wrong) = wrong(&found, options.replicas) {
            return Err(Error::Durability(format!("the stream {} {wrong}", options.stream)));
        }
        let (tables, wake) = (OnceCell::new(), Arc::default());
        let shared = Arc::new(Shared { context, stream, options, longest, tables, wake });
        Ok(Self { shared, mover: OnceLock::new() })
    }

    async fn tables(&self) -> Result<&Postgres, Error> {
        self.shared.tables().await
    }
}

/// The stream, and the settings that it has.
async fn create(context: &Context, config: &Config) -> Result<(Stream, Config), Error> {
    let stream = context.get_or_create_stream(config).await.map_err(failed)?;
    let found = stream.get_info().await.map_err(failed)?.config;
    Ok((stream, found))
}

/// Why a stream with these settings could lose what it has acknowledged.
fn wrong(config: &Config, replicas: usize) -> Option<String> {
    let is_wrong = [
        (config.num_replicas < replicas, ""),
        (config.storage != StorageType::File, "is not in files"),
        (config.retention != RetentionPolicy::WorkQueue, "has another retention than `workqueue`"),
        (config.discard != DiscardPolicy::New, "discards old messages when it is full"),
        (config.max_messages_per_subject > 0, "has a limit for each subject"),
        (!config.max_age.is_zero(), "drops messages by their age"),
        (config.no_ack, "does not acknowledge"),
        (config.persist_mode == Some(PersistenceMode::Async), "acknowledges before it writes"),
    ];
    let (_, text) = is_wrong.into_iter().find(|(is_wrong, _)| *is_wrong)?;
    if text.is_empty() {
        let found = config.num_replicas;
        return Some(format!("has replicas: {found}, and {replicas} are asked for"));
    }
    Some(text.into())
}

/// The subject of a webhook's messages. A webhook's name can have characters that a
/// subject cannot, so the name is read from the envelope.
fn subject(stream: &str, webhook: &str) -> String {
    let name = webhook.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    format!("{stream}.{}", if name.is_empty() { "_" } else { &name })
}

fn failed(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
    Error::JetStream(Arc::from(error.into()))
}

impl Shared {
    async fn tables(&self) -> Result<&Postgres, Error> {
        let open = || Postgres::open(self.options.database.clone(), self.longest);
        self.tables.get_or_try_init(open).await
    }

    /// Returns when the stream has acknowledged the delivery. There is no
    /// `Nats-Msg-Id`: the id is unique in the tables, for longer than a stream would know it.
    async fn publish(&self, new: &New) -> Result<(), Error> {
        let mut headers = HeaderMap::new();
        headers.insert(ID, &*new.id);
        headers.insert(KEY, new.key.to_string());
        headers.insert(REVISION, new.revision.to_string());
        let payload = serde_json::to_vec(&new.envelope).map_err(failed)?;
        let subject = subject(&self.options.stream, new.envelope.webhook());
        let sent = self.context.publish_with_headers(subject, headers, payload.into()).await;
        sent.map_err(failed)?.await.map_err(failed)?;
        Ok(())
    }

    async fn move_for_ever(self: Arc<Self>) {
        loop {
            if let Err(error) = self.follow().await {
                tracing::error!(
                    target: "order_webhooks", event = "inbox.store_failed", error = chain(&error),
                    "what is kept waits in the stream"
                );
            }
            sleep(AFTER_FAILURE).await;
        }
    }

    /// Moves messages until something fails.
    async fn follow(&self) -> Result<(), Error> {
        let tables = self.tables().await?;
        let config = pull::Config {
            durable_name: Some(CONSUMER.into()),
            ack_policy: AckPolicy::Explicit,
            ack_wait: ACK_WAIT,
            max_deliver: -1,
            ..pull::Config::default()
        };
        let consumer = self.stream.get_or_create_consumer(CONSUMER, config).await;
        let consumer: PullConsumer = consumer.map_err(failed)?;
        let pulled = consumer
            .stream()
            .max_messages_per_batch(4 * GROUP)
            .expires(Duration::from_secs(10))
            .heartbeat(Duration::from_secs(2));
        let mut groups = pulled.messages().await.map_err(failed)?.ready_chunks(GROUP);
        while let Some(group) = groups.next().await {
            let mut last = Ok(());
            let mut messages = Vec::with_capacity(group.len());
            for pulled in group {
                match pulled {
                    Ok(message) => messages.push(message),
                    Err(error) => last = Err(failed(error)),
                }
            }
            self.move_group(tables, messages).await?;
            last?;
        }
        Ok(())
    }

    async fn move_group(&self, tables: &Postgres, messages: Vec<Message>) -> Result<(), Error> {
        let (mut deliveries, mut readable) = (Vec::new(), Vec::new());
        for message in messages {
            match read(message.headers.as_ref(), &message.payload) {
                Ok(new) => {
                    deliveries.push(new);
                    readable.push(message);
                }
                Err(error) => {
                    tracing::error!(
                        target: "order_webhooks", event = "inbox.store_failed",
                        subject = &*message.subject, error = chain(&*error),
                        "a message of the stream is no delivery, and stays in it"
                    );
                    // If it does not arrive, the message comes again sooner.
                    let _ = message.ack_with(AckKind::Nak(Some(UNREADABLE))).await;
                }
            }
        }
        if deliveries.is_empty() {
            return Ok(());
        }
        let kept = tables.keep(&deliveries).await;
        let answer = match &kept {
            Ok(()) => AckKind::Ack,
            Err(_) => AckKind::Nak(Some(AFTER_FAILURE)),
        };
        // A message whose answer is lost comes again, and its id is known then.
        join_all(readable.iter().map(|message| message.ack_with(answer))).await;
        kept?;
        self.wake.notify_waiters();
        self.wake.notify_one();
        Ok(())
    }

    /// What is not moved yet. What is being moved may be in the tables, too.
    async fn status(&self) -> Result<Vec<WebhookStatus>, Error> {
        let all = format!("{}.*", self.options.stream);
        let counts = self.stream.info_with_subjects(all).await.map_err(failed)?;
        let counts: Vec<(String, usize)> = counts.try_collect().await.map_err(failed)?;
        let mut status = Vec::new();
        for (subject, count) in counts {
            let oldest = match self.stream.get_first_raw_message_by_subject(&subject, 1).await {
                Ok(message) => message,
                Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => continue,
                Err(error) => return Err(failed(error)),
            };
            let (webhook, oldest) = match read(Some(&oldest.headers), &oldest.payload) {
                Ok(New { envelope, .. }) => {
                    (envelope.webhook().into(), Some(envelope.verified_at()))
                }
                Err(_) => (subject, None),
            };
            let waiting = u64::try_from(count).unwrap_or(u64::MAX);
            status.push(WebhookStatus { webhook, waiting, set_aside: 0, oldest });
        }
        Ok(status)
    }
}

/// A delivery from a message. Why there is none is logged, so it says nothing of the
/// payload, which `serde_json` may quote.
fn read(
    headers: Option<&HeaderMap>,
    payload: &[u8],
) -> Result<New, Box<dyn StdError + Send + Sync>> {
    let header = |name: &'static str| {
        let value = headers.and_then(|headers| headers.get(name));
        value.map(HeaderValue::as_str).ok_or_else(|| format!("no header {name}"))
    };
    Ok(New {
        id: header(ID)?.into(),
        key: header(KEY)?.parse()?,
        revision: header(REVISION)?.parse()?,
        envelope: serde_json::from_slice(payload).map_err(|_| "the payload is not an envelope")?,
    })
}

impl Queue for Jetstream {
    fn keep<'a>(&'a self, deliveries: &'a [New]) -> Answer<'a, ()> {
        Box::pin(async move {
            try_join_all(deliveries.iter().map(|new| self.shared.publish(new))).await?;
            Ok(())
        })
    }

    /// The first step of a worker starts to move messages.
    fn step<'a>(&'a self, settled: &'a [Settled], most: usize, sorts: bool) -> Answer<'a, Step> {
        self.mover.get_or_init(|| JoinSet::from_iter([Arc::clone(&self.shared).move_for_ever()]));
        Box::pin(async move { self.tables().await?.step(settled, most, sorts).await })
    }

    fn alone(&self, claim: Claim) -> Answer<'_, bool> {
        Box::pin(async move { self.tables().await?.alone(claim).await })
    }

    fn is_current(&self, claim: Claim) -> Answer<'_, bool> {
        Box::pin(async move { self.tables().await?.is_current(claim).await })
    }

    fn renew<'a>(&'a self, claims: &'a [Claim]) -> Answer<'a, ()> {
        Box::pin(async move { self.tables().await?.renew(claims).await })
    }

    fn prune(&self, before: i64) -> Answer<'_, u64> {
        Box::pin(async move { self.tables().await?.prune(before).await })
    }

    /// First the stream, then the tables: what is moved between is counted twice, and
    /// nothing is left out.
    fn status(&self) -> Answer<'_, Vec<WebhookStatus>> {
        Box::pin(async move {
            let mut status = self.shared.status().await?;
            for moved in self.tables().await?.status().await? {
                match status.iter_mut().find(|kept| kept.webhook == moved.webhook) {
                    Some(kept) => {
                        kept.waiting = kept.waiting.saturating_add(moved.waiting);
                        kept.set_aside = moved.set_aside;
                        kept.oldest = kept.oldest.into_iter().chain(moved.oldest).min();
                    }
                    None => status.push(moved),
                }
            }
            status.sort_by(|one, other| one.webhook.cmp(&other.webhook));
            Ok(status)
        })
    }

    fn wake(&self) -> Arc<Notify> {
        Arc::clone(&self.shared.wake)
    }

    fn set_aside(&self, after: i64, most: u32) -> Answer<'_, Vec<SetAside>> {
        Box::pin(async move { self.tables().await?.set_aside(after, most).await })
    }

    fn try_again<'a>(&'a self, numbers: &'a [i64]) -> Answer<'a, u64> {
        Box::pin(async move { self.tables().await?.try_again(numbers).await })
    }

    fn drop_set_aside<'a>(&'a self, numbers: &'a [i64]) -> Answer<'a, u64> {
        Box::pin(async move { self.tables().await?.drop_set_aside(numbers).await })
    }

    fn check(&self) -> Answer<'_, Vec<Finding>> {
        Box::pin(async move {
            let info = self.shared.stream.get_info().await.map_err(failed)?;
            let mut findings = Vec::new();
            if let Some(wrong) = wrong(&info.config, self.shared.options.replicas) {
                findings.push(Finding::new("stream", format!("the stream {wrong}")));
            }
            for replica in info.cluster.into_iter().flat_map(|cluster| cluster.replicas) {
                if replica.offline || !replica.current {
                    let text = format!("the replica on {} is not up to date", replica.name);
                    findings.push(Finding::new("replica", text));
                }
            }
            findings.extend(self.tables().await?.check().await?);
            Ok(findings)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_has_a_subject_of_one_token() {
        for (webhook, expected) in [
            ("musement.order_item", "S.musement_order_item"),
            ("my > webhook*", "S.my___webhook_"),
            ("", "S._"),
        ] {
            assert_eq!(subject("S", webhook), expected);
        }
    }

    #[tokio::test]
    async fn debug_shows_no_password() {
        let options = async_nats::ConnectOptions::new().retry_on_initial_connect();
        let client = options.connect("127.0.0.1:1").await.unwrap();
        let stream = JetStream::new(client, "postgres://u:Swordfish@h/d".parse().unwrap());
        let shown = format!("{stream:?}");
        assert_eq!(shown, "JetStream { stream: \"ORDER_WEBHOOKS\", replicas: 3, .. }");
    }

    /// What `serde_json` says of a payload can quote it.
    #[test]
    fn why_a_message_is_no_delivery_shows_nothing_of_it() {
        let mut headers = HeaderMap::new();
        for (name, value, expected) in [
            (ID, "some_id", "no header Order-Webhooks-Key"),
            (KEY, "thing:1", "no header Order-Webhooks-Revision"),
            (REVISION, "n00000000000000000022", "the payload is not an envelope"),
        ] {
            headers.insert(name, value);
            let error = read(Some(&headers), br#""Ane B""#).err().unwrap();
            assert_eq!(chain(&*error), expected);
        }
    }

    type Change = fn(&mut Config);

    #[test]
    fn a_stream_that_could_lose_a_delivery_is_found() {
        let right = Config {
            num_replicas: 3,
            storage: StorageType::File,
            retention: RetentionPolicy::WorkQueue,
            discard: DiscardPolicy::New,
            ..Config::default()
        };
        assert_eq!(wrong(&right, 3), None);
        let changes: [(Change, &str); 8] = [
            (|it| it.num_replicas = 1, "has replicas: 1, and 3 are asked for"),
            (|it| it.storage = StorageType::Memory, "is not in files"),
            (|it| it.retention = RetentionPolicy::Limits, "has another retention than `workqueue`"),
            (|it| it.discard = DiscardPolicy::Old, "discards old messages when it is full"),
            (|it| it.max_messages_per_subject = 5, "has a limit for each subject"),
            (|it| it.max_age = Duration::from_secs(1), "drops messages by their age"),
            (|it| it.no_ack = true, "does not acknowledge"),
            (|it| it.persist_mode = Some(PersistenceMode::Async), "acknowledges before it writes"),
        ];
        for (change, expected) in changes {
            let mut config = right.clone();
            change(&mut config);
            assert_eq!(wrong(&config, 3).as_deref(), Some(expected));
        }
    }
}
