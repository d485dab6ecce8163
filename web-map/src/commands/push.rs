//! Pushes simulated complaints to a running server, each when it is due.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use citybrain_synth::{SimulatedComplaint, Simulation};
use reqwest::blocking::{Client, Response};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use serde_json::{Value, json};

use super::Failure;
use crate::terminal;

/// What is due is sent this often.
const EVERY: Duration = Duration::from_millis(200);
/// Most complaints of one request.
const BODY_ROWS: usize = 5_000;
/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Pause before a request is repeated, when the server names none.
const PAUSE: Duration = Duration::from_secs(1);
/// Requests that fail in a row before it is given up.
const TRIES: u32 = 10;

/// Pushes `rate` complaints a second to the server at `url`, for some `seconds` or until interrupted. A request that is not
/// answered is sent again: no complaint is counted twice.
pub(super) fn run(
    simulation: &Simulation,
    url: &str,
    rate: f64,
    seconds: Option<u64>,
    now: impl Fn() -> DateTime<Utc>,
) -> Result<(), Failure> {
    let address = format!("{}/v1/complaints", url.trim_end_matches('/'));
    let client = Client::builder()
        .timeout(PATIENCE)
        .build()
        .map_err(|error| Failure::push(&address, &error))?;
    let (begun, mut sent) = (Instant::now(), 0_u64);
    let mut live = simulation.live(now(), rate).peekable();
    while seconds.is_none_or(|seconds| begun.elapsed().as_secs() < seconds) {
        let until = now();
        let mut due = Vec::new();
        while due.len() < BODY_ROWS
            && let Some(complaint) = live.next_if(|complaint| complaint.requested_at <= until)
        {
            due.push(body(&complaint));
        }
        if !due.is_empty() {
            sent += due.len() as u64;
            send(&client, &address, &Value::Array(due))?;
        }
        std::thread::sleep(EVERY);
    }
    terminal::print(|out| writeln!(out, "{}", json!({ "sent": sent })))
}

fn body(complaint: &SimulatedComplaint) -> Value {
    let mut body = json!(complaint);
    body["source"] = json!("simulated");
    body
}

fn send(client: &Client, address: &str, body: &Value) -> Result<(), Failure> {
    let mut tries = 0;
    loop {
        tries += 1;
        let sent = client
            .post(address)
            .header(CONTENT_TYPE, "application/json")
            .body(body.to_string())
            .send();
        let wait = match sent {
            Ok(answer) if answer.status().is_success() => return Ok(()),
            Ok(answer) if matches!(answer.status().as_u16(), 429 | 503) && tries < TRIES => {
                pause(&answer)
            }
            Ok(answer) => {
                let status = answer.status();
                let said = answer.text().unwrap_or_default();
                return Err(Failure::Push {
                    address: address.to_owned(),
                    message: format!("{status} {said}"),
                });
            }
            Err(error) if tries >= TRIES => return Err(Failure::push(address, &error)),
            Err(_) => PAUSE,
        };
        std::thread::sleep(wait);
    }
}

fn pause(answer: &Response) -> Duration {
    let named = answer
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok());
    named
        .and_then(|seconds| seconds.parse().ok())
        .map_or(PAUSE, Duration::from_secs)
}

#[cfg(test)]
mod tests;
