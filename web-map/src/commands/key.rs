//! `citybrain key`: who may do what.

use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use citybrain_store::{Control, Key, NewKey, Role, StateDir};
use serde_json::json;

use super::Failure;
use crate::{clock, terminal};

/// Make, list, renew and take back API keys
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make a key and show its secret, once; from the first key on the server asks for one
    Create {
        /// State directory
        #[arg(long, value_name = "DIR")]
        state_dir: PathBuf,
        /// public, operator, planner, integrator or admin
        #[arg(long)]
        role: Role,
        /// A feed (source) that the key may write; may be repeated [default: every feed]
        #[arg(long = "feed", value_name = "NAME")]
        feeds: Vec<String>,
        /// A name for people [default: the role]
        #[arg(long)]
        name: Option<String>,
        /// When it ends: 90d, 12h, or an instant as RFC 3339 [default: never]
        #[arg(long, value_name = "WHEN")]
        expires: Option<String>,
        /// Requests a second on average [default: the server's setting]
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        requests_per_second: Option<u32>,
        /// Largest body in bytes [default: the server's setting]
        #[arg(long, value_name = "N")]
        body_bytes: Option<u64>,
    },
    /// List keys without their secrets; one JSON object a line
    List {
        /// State directory
        #[arg(long, value_name = "DIR")]
        state_dir: PathBuf,
    },
    /// Give a key a new secret; the old one goes on for a while
    Rotate {
        /// State directory
        #[arg(long, value_name = "DIR")]
        state_dir: PathBuf,
        /// How long the old secret goes on: 24h, 7d, 0h
        #[arg(long, value_name = "TIME", default_value = "24h", value_parser = span)]
        overlap: TimeDelta,
        /// The key's number
        id: i64,
    },
    /// Take a key back, at once and for good
    Revoke {
        /// State directory
        #[arg(long, value_name = "DIR")]
        state_dir: PathBuf,
        /// The key's number
        id: i64,
    },
}

/// Who did it, in the audit trail.
const ACTOR: &str = "command line";

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let now = clock::now();
    match args.command {
        Command::Create {
            state_dir,
            role,
            feeds,
            name,
            expires,
            requests_per_second,
            body_bytes,
        } => {
            let new = NewKey {
                name: name.unwrap_or_else(|| role.as_str().to_owned()),
                role,
                feeds,
                requests_per_second,
                body_bytes,
                expires_at: expires.map(|text| instant(&text, now)).transpose()?,
            };
            let (key, secret) = control(&state_dir)?.create_key(&new, ACTOR, now)?;
            let mut told = shown(&key, now);
            told["secret"] = json!(secret.reveal());
            terminal::print(|out| writeln!(out, "{told}"))
        }
        Command::List { state_dir } => {
            let keys = control(&state_dir)?.keys()?;
            terminal::print(|out| {
                keys.iter()
                    .try_for_each(|key| writeln!(out, "{}", shown(key, now)))
            })
        }
        Command::Rotate {
            state_dir,
            overlap,
            id,
        } => {
            let secret = control(&state_dir)?
                .rotate_key(id, overlap, ACTOR, now)?
                .ok_or(Failure::NoKey { state_dir, id })?;
            let told = json!({"id": id, "secret": secret.reveal(), "old_secret_ends_at": (now + overlap).to_rfc3339()});
            terminal::print(|out| writeln!(out, "{told}"))
        }
        Command::Revoke { state_dir, id } => {
            if !control(&state_dir)?.revoke_key(id, ACTOR, now)? {
                return Err(Failure::NoKey { state_dir, id });
            }
            terminal::print(|out| writeln!(out, "{}", json!({"id": id, "revoked": true})))
        }
    }
}

fn control(state_dir: &Path) -> Result<Control, Failure> {
    Ok(Control::open(&StateDir::open(state_dir)?)?)
}

fn shown(key: &Key, now: DateTime<Utc>) -> serde_json::Value {
    let NewKey {
        name,
        role,
        feeds,
        requests_per_second,
        body_bytes,
        expires_at,
    } = &key.key;
    let text = |at: &DateTime<Utc>| at.to_rfc3339();
    json!({
        "id": key.id,
        "name": name,
        "role": role.as_str(),
        "feeds": feeds,
        "requests_per_second": requests_per_second,
        "body_bytes": body_bytes,
        "created_at": text(&key.created_at),
        "expires_at": expires_at.as_ref().map(text),
        "revoked_at": key.revoked_at.as_ref().map(text),
        "valid": key.is_valid(now),
    })
}

/// An instant, or a span from `now` on.
fn instant(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, Failure> {
    let wrong = || Failure::NoInstant(text.to_owned());
    match span(text) {
        Ok(span) => now.checked_add_signed(span).ok_or_else(wrong),
        Err(_) => DateTime::parse_from_rfc3339(text)
            .map(|at| at.to_utc())
            .map_err(|_error| wrong()),
    }
}

/// Hours or days.
fn span(text: &str) -> Result<TimeDelta, String> {
    let (number, seconds) = match (text.strip_suffix('h'), text.strip_suffix('d')) {
        (Some(hours), _) => (hours, 3600),
        (_, Some(days)) => (days, 86_400),
        _ => (text, 0),
    };
    number
        .parse::<u32>()
        .ok()
        .filter(|_| seconds > 0)
        .and_then(|number| TimeDelta::try_seconds(i64::from(number) * seconds))
        .ok_or_else(|| format!("\"{text}\" is no time such as 24h or 90d"))
}
