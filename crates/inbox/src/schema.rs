//! The version of the tables, for the queue and for what is applied.

use crate::error::Error;

/// The version that this program makes. It runs on the next one, too, so that an old
/// process can go on while a new one starts.
pub(crate) const VERSION: i64 = 1;

fn runs_on(found: i64) -> Result<i64, Error> {
    if found > VERSION.saturating_add(1) {
        return Err(Error::Schema { found, known: VERSION });
    }
    Ok(found)
}

/// The version of a part of the tables, and zero if it has just been noted: then they
/// are to be created.
#[cfg(feature = "sqlite")]
pub(crate) async fn of_sqlite(
    connection: &mut sqlx::SqliteConnection,
    part: &str,
) -> Result<i64, Error> {
    let tables = "CREATE TABLE IF NOT EXISTS order_webhooks_tables
        (part TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID";
    sqlx::raw_sql(tables).execute(&mut *connection).await?;
    let found = sqlx::query_scalar("SELECT version FROM order_webhooks_tables WHERE part = $1");
    if let Some(found) = found.bind(part).fetch_optional(&mut *connection).await? {
        return runs_on(found);
    }
    let noted = sqlx::query("INSERT INTO order_webhooks_tables (part, version) VALUES ($1, $2)");
    noted.bind(part).bind(VERSION).execute(connection).await?;
    Ok(0)
}

/// Begins the transaction that creates tables. Those who do wait for each other.
#[cfg(feature = "postgres")]
pub(crate) const BEGIN_POSTGRES: &str = "BEGIN; SELECT pg_advisory_xact_lock(7093871243)";

/// As `of_sqlite`.
#[cfg(feature = "postgres")]
pub(crate) async fn of_postgres(
    connection: &mut sqlx::PgConnection,
    part: &'static str,
) -> Result<i64, Error> {
    let tables = "CREATE TABLE IF NOT EXISTS order_webhooks_tables
        (part TEXT PRIMARY KEY, version BIGINT NOT NULL)";
    sqlx::raw_sql(tables).execute(&mut *connection).await?;
    let found = sqlx::query_scalar("SELECT version FROM order_webhooks_tables WHERE part = $1");
    let found = found.persistent(false).bind(part);
    if let Some(found) = found.fetch_optional(&mut *connection).await? {
        return runs_on(found);
    }
    let noted = sqlx::query("INSERT INTO order_webhooks_tables (part, version) VALUES ($1, $2)");
    noted.persistent(false).bind(part).bind(VERSION).execute(connection).await?;
    Ok(0)
}
