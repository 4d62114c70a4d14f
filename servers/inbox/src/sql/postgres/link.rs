//! A connection to PostgreSQL that is made again when it is lost.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};
use tokio::time::timeout;
use tokio_postgres::{Client, Config, NoTls, Statement};

use super::StoreError;
use crate::inbox::Chain;

/// A commit is on the disk. A statement ends in time. A worker that is paused in
/// its transaction loses it, and with it the lane.
const SETTINGS: &str = "
    SET synchronous_commit = on;
    SET statement_timeout = '3s';
    SET idle_in_transaction_session_timeout = '3s'";

const CONNECTING: Duration = Duration::from_secs(2);

pub(super) struct Link {
    config: Config,
    connected: Mutex<Option<Connected>>,
}

struct Connected {
    client: Client,
    statements: HashMap<&'static str, Statement>,
}

impl Link {
    pub(super) fn new(mut config: Config) -> Self {
        // A server that is gone without a word is as bad as one that is down.
        config.connect_timeout(CONNECTING).tcp_user_timeout(Duration::from_secs(4));
        Self { config, connected: Mutex::new(None) }
    }

    /// A second connection to the same database.
    pub(super) fn another(&self) -> Self {
        Self::new(self.config.clone())
    }

    /// The connection, or a new one if it was lost.
    pub(super) async fn client(&self) -> Result<Borrowed<'_>, StoreError> {
        let mut connected = self.connected.lock().await;
        if connected.as_ref().is_none_or(|connected| connected.client.is_closed()) {
            *connected = None;
            // The server may take the connection and then say nothing.
            *connected = Some(timeout(CONNECTING, connect(&self.config)).await??);
        }
        Ok(Borrowed(connected))
    }

    pub(super) async fn close(&self) {
        *self.connected.lock().await = None;
    }
}

pub(super) struct Borrowed<'a>(MutexGuard<'a, Option<Connected>>);

impl Borrowed<'_> {
    pub(super) fn get(&mut self) -> Result<&mut Client, StoreError> {
        Ok(&mut self.0.as_mut().ok_or("not connected")?.client)
    }

    /// A statement that is prepared once for each connection.
    pub(super) async fn statement(&mut self, text: &'static str) -> Result<Statement, StoreError> {
        let connected = self.0.as_mut().ok_or("not connected")?;
        if let Some(statement) = connected.statements.get(text) {
            return Ok(statement.clone());
        }
        let statement = connected.client.prepare(text).await?;
        connected.statements.insert(text, statement.clone());
        Ok(statement)
    }
}

async fn connect(config: &Config) -> Result<Connected, StoreError> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::warn!("the connection to the database ended: {}", Chain(&error));
        }
    });
    client.batch_execute(SETTINGS).await?;
    Ok(Connected { client, statements: HashMap::new() })
}
