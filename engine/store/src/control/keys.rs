//! API keys: who may do what, until when, and the secrets that prove it.
//!
//! A secret has 256 random bits and is shown once; what is kept is its SHA-256, which needs no salt and no slow hash: nobody guesses
//! 256 bits. A key may have several secrets at a time: the old one goes on for a while after the key was rotated, and each
//! browser that signed in has one of its own, its session.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fmt::Write as _;
use std::str::FromStr;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Audit, Control, ControlError, audit};

/// What the holder of a key is to the city.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Everybody: sums by whole days, small counts hidden.
    Public,
    /// Who watches the live map: complaints without their words, alerts.
    Operator,
    /// Who asks about the past: all of the operator's, the words, SQL and exports.
    Planner,
    /// A machine or its owner: writes its own feeds and sees how they are.
    Integrator,
    /// Everything.
    Admin,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 5] = [
        Self::Public,
        Self::Operator,
        Self::Planner,
        Self::Integrator,
        Self::Admin,
    ];

    /// The word on the command line and in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Operator => "operator",
            Self::Planner => "planner",
            Self::Integrator => "integrator",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(word: &str) -> Result<Self, UnknownRole> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == word)
            .ok_or_else(|| UnknownRole(word.to_owned()))
    }
}

/// A word that names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no role: public, operator, planner, integrator or admin")]
pub struct UnknownRole(pub String);

/// What a key is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// A name for people; also what the audit trail calls its holder.
    pub name: String,
    /// What its holder may do.
    pub role: Role,
    /// The feeds (`source`) that it may write; none: every feed.
    pub feeds: Vec<String>,
    /// Requests a second on average; none: the server's setting.
    pub requests_per_second: Option<u32>,
    /// Largest body, bytes; none: the server's setting.
    pub body_bytes: Option<u64>,
    /// When it ends; none: never.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its number.
    pub id: i64,
    /// What it is made of.
    pub key: NewKey,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was taken back.
    pub revoked_at: Option<DateTime<Utc>>,
}

impl Key {
    /// Does it open anything at `now`?
    pub fn is_valid(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.key.expires_at.is_none_or(|end| now < end)
    }

    /// What the audit trail calls its holder.
    pub fn actor(&self) -> String {
        format!("key {} ({})", self.id, self.key.name)
    }
}

/// A secret as it is shown once. Its debug form does not tell it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text that a client sends.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// All keys and the hashes of their secrets, as they were at one moment.
#[derive(Debug, Default)]
pub struct KeyRing {
    keys: BTreeMap<i64, Arc<Key>>,
    secrets: HashMap<i64, Kept>,
}

#[derive(Debug)]
struct Kept {
    key: i64,
    hash: Vec<u8>,
    expires_at: Option<DateTime<Utc>>,
}

impl KeyRing {
    /// Was a key ever made? Then keys are asked for, also when none of them is valid any longer.
    pub fn has_keys(&self) -> bool {
        !self.keys.is_empty()
    }

    /// The key that `secret` proves at `now`.
    pub fn find(&self, secret: &str, now: DateTime<Utc>) -> Option<&Arc<Key>> {
        let (id, random) = parts(secret)?;
        let kept = self.secrets.get(&id)?;
        let same: bool = hash(random).as_slice().ct_eq(&kept.hash).into();
        if !same || kept.expires_at.is_some_and(|end| end <= now) {
            return None;
        }
        self.keys.get(&kept.key).filter(|key| key.is_valid(now))
    }
}

impl Control {
    /// Makes a key; the secret is told now and never again.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn create_key(
        &self,
        new: &NewKey,
        actor: &str,
        now: DateTime<Utc>,
    ) -> Result<(Key, Secret), ControlError> {
        self.write(|transaction| {
            transaction
                .prepare_cached(
                    "INSERT INTO api_key (name, role, feeds, requests_per_second, body_bytes, created_at, expires_at) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )?
                .execute(params![
                    new.name,
                    new.role.as_str(),
                    serde_json::to_string(&new.feeds).expect("texts have a form in JSON"),
                    new.requests_per_second,
                    new.body_bytes.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX)),
                    now.timestamp_micros(),
                    new.expires_at.map(|end| end.timestamp_micros()),
                ])?;
            let key = Key {
                id: transaction.last_insert_rowid(),
                key: new.clone(),
                created_at: now,
                revoked_at: None,
            };
            let secret = add_secret(transaction, key.id, false, None)?;
            note(transaction, "key.create", &key, actor, now)?;
            Ok((key, secret))
        })
    }

    /// All keys, also those that ended, in order of their numbers.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn keys(&self) -> Result<Vec<Key>, ControlError> {
        self.read(|connection| {
            connection
                .prepare_cached(&format!("{SELECT} ORDER BY id"))?
                .query_map([], key_of)?
                .collect()
        })
    }

    /// All keys with the hashes of their secrets, to check requests by.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn key_ring(&self) -> Result<KeyRing, ControlError> {
        let keys = self.keys()?;
        let secrets = self.read(|connection| {
            connection
                .prepare_cached("SELECT id, api_key, hash, expires_at FROM api_secret")?
                .query_map([], |row| {
                    Ok((
                        row.get(0)?,
                        Kept {
                            key: row.get(1)?,
                            hash: row.get(2)?,
                            expires_at: instant(row, 3)?,
                        },
                    ))
                })?
                .collect()
        })?;
        Ok(KeyRing {
            keys: keys
                .into_iter()
                .map(|key| (key.id, Arc::new(key)))
                .collect(),
            secrets,
        })
    }

    /// Gives a key a new secret; its older ones, and the browsers that signed in with them, go on for `overlap`. `None` when there
    /// is no such key or it was revoked.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn rotate_key(
        &self,
        id: i64,
        overlap: TimeDelta,
        actor: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Secret>, ControlError> {
        self.write(|transaction| {
            let Some(key) = key(transaction, id)?.filter(|key| key.revoked_at.is_none()) else {
                return Ok(None);
            };
            let end = (now + overlap).timestamp_micros();
            transaction
                .prepare_cached(
                    "UPDATE api_secret SET expires_at = min(coalesce(expires_at, ?2), ?2) WHERE api_key = ?1",
                )?
                .execute(params![id, end])?;
            let secret = add_secret(transaction, id, false, None)?;
            note(transaction, "key.rotate", &key, actor, now)?;
            Ok(Some(secret))
        })
    }

    /// Takes a key back: it opens nothing any longer. False when there is no such key; a second time changes nothing.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn revoke_key(
        &self,
        id: i64,
        actor: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, ControlError> {
        self.write(|transaction| {
            let Some(key) = key(transaction, id)? else {
                return Ok(false);
            };
            if key.revoked_at.is_none() {
                transaction
                    .prepare_cached("UPDATE api_key SET revoked_at = ?2 WHERE id = ?1")?
                    .execute(params![id, now.timestamp_micros()])?;
                transaction
                    .prepare_cached("DELETE FROM api_secret WHERE api_key = ?1")?
                    .execute([id])?;
                note(transaction, "key.revoke", &key, actor, now)?;
            }
            Ok(true)
        })
    }

    /// A secret of its own for a browser that signed in with a key; sessions that ended are forgotten.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn begin_session(
        &self,
        key: &Key,
        expires_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Secret, ControlError> {
        self.write(|transaction| {
            transaction
                .prepare_cached("DELETE FROM api_secret WHERE is_session = 1 AND expires_at <= ?1")?
                .execute([now.timestamp_micros()])?;
            let secret = add_secret(transaction, key.id, true, Some(expires_at))?;
            note(transaction, "session.begin", key, &key.actor(), now)?;
            Ok(secret)
        })
    }

    /// Ends the session of `secret`, if it is one.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn end_session(&self, secret: &str) -> Result<(), ControlError> {
        let Some((id, random)) = parts(secret) else {
            return Ok(());
        };
        self.write(|transaction| {
            transaction
                .prepare_cached(
                    "DELETE FROM api_secret WHERE id = ?1 AND hash = ?2 AND is_session = 1",
                )?
                .execute(params![id, hash(random)])
                .map(|_rows| ())
        })
    }
}

const SELECT: &str = "SELECT id, name, role, feeds, requests_per_second, body_bytes, created_at, expires_at, revoked_at FROM api_key";

fn key(connection: &Connection, id: i64) -> rusqlite::Result<Option<Key>> {
    connection
        .prepare_cached(&format!("{SELECT} WHERE id = ?1"))?
        .query_row([id], key_of)
        .optional()
}

fn key_of(row: &Row<'_>) -> rusqlite::Result<Key> {
    let (role, feeds): (String, String) = (row.get(2)?, row.get(3)?);
    let bad = |column, error: Box<dyn std::error::Error + Send + Sync>| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, error)
    };
    Ok(Key {
        id: row.get(0)?,
        key: NewKey {
            name: row.get(1)?,
            // A role or a list that cannot be read must not become a power.
            role: role
                .parse()
                .map_err(|error: UnknownRole| bad(2, error.into()))?,
            feeds: serde_json::from_str(&feeds).map_err(|error| bad(3, error.into()))?,
            requests_per_second: row.get(4)?,
            body_bytes: row
                .get::<_, Option<i64>>(5)?
                .and_then(|bytes| u64::try_from(bytes).ok()),
            expires_at: instant(row, 7)?,
        },
        created_at: instant(row, 6)?.unwrap_or_default(),
        revoked_at: instant(row, 8)?,
    })
}

fn instant(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<DateTime<Utc>>> {
    let micros: Option<i64> = row.get(column)?;
    Ok(micros.and_then(DateTime::from_timestamp_micros))
}

fn note(
    connection: &Connection,
    action: &str,
    key: &Key,
    actor: &str,
    now: DateTime<Utc>,
) -> rusqlite::Result<()> {
    let detail = serde_json::json!({
        "name": key.key.name, "role": key.key.role.as_str(), "feeds": key.key.feeds,
    });
    audit::note(
        connection,
        &Audit {
            at: now,
            actor: actor.to_owned(),
            action: action.to_owned(),
            subject: format!("key {}", key.id),
            detail: detail.to_string(),
        },
    )
}

fn add_secret(
    connection: &Connection,
    key: i64,
    is_session: bool,
    expires_at: Option<DateTime<Utc>>,
) -> rusqlite::Result<Secret> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the system has random numbers");
    let mut random = String::with_capacity(64);
    for byte in bytes {
        write!(random, "{byte:02x}").expect("a text takes any text");
    }
    connection
        .prepare_cached(
            "INSERT INTO api_secret (api_key, hash, is_session, expires_at) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            key,
            hash(&random),
            is_session,
            expires_at.map(|end| end.timestamp_micros())
        ])?;
    Ok(Secret(format!(
        "{PREFIX}{}_{random}",
        connection.last_insert_rowid()
    )))
}

/// What secrets begin with, so that a scanner for leaked secrets knows one.
const PREFIX: &str = "cb_";

/// A secret's number and its random part.
fn parts(secret: &str) -> Option<(i64, &str)> {
    let (id, random) = secret.strip_prefix(PREFIX)?.split_once('_')?;
    Some((id.parse().ok()?, random))
}

fn hash(random: &str) -> Vec<u8> {
    Sha256::digest(random.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests;
