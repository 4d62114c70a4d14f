//! A SQLite database that notices when its file is not there any more.

use std::fs;
use std::time::Duration;

use rusqlite::Connection;

use super::StoreError;

/// The connections to a database, and the files that they have open: the database
/// and its log of changes (WAL).
pub(super) struct Database {
    path: String,
    schema: &'static str,
    connections: Option<Connections>,
    files: [Option<Identity>; 2],
}

/// What is kept is on the disk when a commit returns. What is worked on may come
/// undone with the power, and is then done again.
pub(super) struct Connections {
    pub(super) keeping: Connection,
    pub(super) working: Connection,
}

impl Database {
    pub(super) fn open(path: &str, schema: &'static str) -> Result<Self, StoreError> {
        let path = path.to_owned();
        let mut database = Self { path, schema, connections: None, files: [None, None] };
        database.connections()?;
        Ok(database)
    }

    /// The connections, to the file that has the name now.
    pub(super) fn connections(&mut self) -> Result<&mut Connections, StoreError> {
        if self.connections.is_some() && !self.is_here() {
            tracing::error!("{}: the file was removed or replaced, and is opened anew", self.path);
            // Both of them, before the file is opened again: they share what SQLite
            // remembers of it.
            self.connections = None;
            self.remove_old_log();
        }
        match &mut self.connections {
            Some(connections) => Ok(connections),
            none => {
                let keeping = connect(&self.path, "FULL")?;
                keeping.execute_batch(self.schema)?;
                let working = connect(&self.path, "NORMAL")?;
                self.files = files(&self.path);
                Ok(none.insert(Connections { keeping, working }))
            }
        }
    }

    /// Whether what is committed can be found again.
    pub(super) fn is_here(&self) -> bool {
        self.files.iter().all(Option::is_some) && files(&self.path) == self.files
    }

    /// A log of the file that is gone says nothing about a new one.
    fn remove_old_log(&self) {
        let log = format!("{}-wal", self.path);
        if identity(&log) == self.files[1] || identity(&self.path).is_none() {
            let _ = fs::remove_file(log);
            let _ = fs::remove_file(format!("{}-shm", self.path));
        }
    }
}

fn connect(path: &str, synchronous: &str) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    // The queue tries again.
    connection.busy_timeout(Duration::from_millis(500))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", synchronous)?;
    Ok(connection)
}

fn files(path: &str) -> [Option<Identity>; 2] {
    [identity(path), identity(&format!("{path}-wal"))]
}

/// The device and the number of a file.
#[cfg(unix)]
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(path: &str) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

/// Elsewhere a file that is open cannot be removed.
#[cfg(not(unix))]
type Identity = ();

#[cfg(not(unix))]
fn identity(path: &str) -> Option<Identity> {
    fs::metadata(path).ok().map(|_| ())
}
