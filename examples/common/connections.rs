//! A bound on the connections in which nothing is being answered.
//!
//! A server that closes such a connection after some seconds loses requests: a
//! sender keeps one for a minute or more, and opens one some time before it uses
//! it. A server that answers it with a 408 approves port-outs. So these may wait,
//! and when there are too many, the one that has waited the longest is closed
//! without an answer.

use std::collections::BTreeMap;
use std::io;
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many connections wait at once for a request, or for the rest of its head.
const MOST_WAITING: usize = 500;

/// How long a kept connection waits for its next request: longer than the pools of
/// senders keep theirs (Apache's client and `OkHttp`: a minute and five; proxies: 60
/// to 75 s).
pub(crate) const KEPT_FOR: Duration = Duration::from_secs(90);

/// The connections that wait, in the order in which they began to.
#[derive(Clone, Default)]
pub(crate) struct Connections(Arc<Mutex<Waiting>>);

#[derive(Default)]
struct Waiting {
    begun: u64,
    sockets: BTreeMap<u64, TcpStream>,
}

impl Connections {
    /// Takes in a connection that was just opened. It is forgotten when it is dropped.
    pub(crate) fn opened<'s>(
        &self,
        stream: impl Into<socket2::SockRef<'s>>,
    ) -> io::Result<Arc<Connection>> {
        let socket = stream.into().try_clone()?.into();
        let turn = self.wait(socket).into();
        Ok(Arc::new(Connection { all: self.clone(), turn }))
    }

    fn wait(&self, socket: TcpStream) -> u64 {
        let mut waiting = self.lock();
        waiting.begun = waiting.begun.wrapping_add(1);
        let turn = waiting.begun;
        waiting.sockets.insert(turn, socket);
        if waiting.sockets.len() > MOST_WAITING
            && let Some((_, longest)) = waiting.sockets.pop_first()
        {
            let _ = longest.shutdown(Shutdown::Both);
        }
        turn
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection, which waits unless a request of it is being answered.
pub(crate) struct Connection {
    all: Connections,
    turn: AtomicU64,
}

impl Connection {
    /// Call it when a request has come, and keep what it gives until the answer.
    pub(crate) fn answers(self: &Arc<Self>) -> Answering {
        let socket = self.all.lock().sockets.remove(&self.turn.load(Ordering::Relaxed));
        Answering { connection: Arc::clone(self), socket }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.all.lock().sockets.remove(self.turn.get_mut());
    }
}

/// A request of a connection is being answered.
pub(crate) struct Answering {
    connection: Arc<Connection>,
    socket: Option<TcpStream>,
}

impl Drop for Answering {
    fn drop(&mut self) {
        if let Some(socket) = self.socket.take() {
            let turn = self.connection.all.wait(socket);
            self.connection.turn.store(turn, Ordering::Relaxed);
        }
    }
}
