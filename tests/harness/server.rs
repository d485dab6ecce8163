//! A running server, killed when the test lets go of it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use reqwest::blocking::{Client, RequestBuilder, Response};
use serde_json::Value;

use crate::citybrain;

/// `citybrain serve` on a free port of loopback.
#[derive(Debug)]
pub struct Server {
    child: Child,
    url: String,
    client: Client,
}

impl Server {
    /// Starts a server on a state directory and waits until it says where it listens.
    ///
    /// # Panics
    /// When it ends before that.
    pub fn start(state: &Path) -> Self {
        Self::with(state, None, &[])
    }

    /// Starts a server with a file of settings.
    ///
    /// # Panics
    /// When it ends before it says where it listens.
    pub fn configured(state: &Path, config: &Path) -> Self {
        Self::with(state, Some(config), &[])
    }

    /// As [`Server::start`], with settings in the environment: `("CITYBRAIN_QUERY_ROWS", "10")`.
    ///
    /// # Panics
    /// When it ends before it listens.
    pub fn start_with(state: &Path, settings: &[(&str, &str)]) -> Self {
        Self::with(state, None, settings)
    }

    /// As [`Server::start_with`], for a server that is told to end somewhere: none when it ended before it listens.
    pub fn unless_it_ends(state: &Path, settings: &[(&str, &str)]) -> Option<Self> {
        Self::heard(Self::command(state, None, settings))
    }

    fn with(state: &Path, config: Option<&Path>, settings: &[(&str, &str)]) -> Self {
        Self::launched(Self::command(state, config, settings))
    }

    fn command(
        state: &Path,
        config: Option<&Path>,
        settings: &[(&str, &str)],
    ) -> std::process::Command {
        let mut command = citybrain(["serve", "--listen", "127.0.0.1:0", "--state-dir"]);
        command.arg(state).envs(settings.iter().copied());
        if let Some(config) = config {
            command.arg("--config").arg(config);
        }
        command
    }

    /// Starts `command`, which ends up as a `citybrain serve`, and waits until it says where it listens.
    ///
    /// # Panics
    /// When it ends before that.
    pub fn launched(command: std::process::Command) -> Self {
        Self::heard(command).expect("the server says where it listens")
    }

    fn heard(mut command: std::process::Command) -> Option<Self> {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let out = child.stdout.take().expect("its output is piped");
        let mut lines = BufReader::new(out).lines().map_while(Result::ok);
        let Some(line) = lines.find(|line| line.contains("http://")) else {
            child.wait().expect("what says nothing more has ended");
            return None;
        };
        let url = line
            .split_whitespace()
            .find(|word| word.starts_with("http://"))
            .expect("the address is a word of its own")
            .trim_end_matches('/')
            .to_owned();
        let client = Client::builder()
            .timeout(Duration::from_mins(1))
            .build()
            .expect("a client needs nothing");
        Some(Self { child, url, client })
    }

    /// Its address: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The id of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// A GET of `path`, answered with JSON.
    ///
    /// # Panics
    /// When the answer is no success or no JSON.
    pub fn get(&self, path: &str) -> Value {
        let answer = self.response(path);
        let status = answer.status();
        let text = answer.text().expect("an answer has a body");
        assert!(status.is_success(), "GET {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("GET {path}: {error} in {text}"))
    }

    /// A GET of `path`, whatever the answer.
    ///
    /// # Panics
    /// When there is none.
    pub fn response(&self, path: &str) -> Response {
        self.client
            .get(format!("{}{path}", self.url))
            .send()
            .expect("the server answers")
    }

    /// A POST to `path`, to be filled in.
    pub fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.url))
    }

    /// A POST of JSON, answered with JSON.
    ///
    /// # Panics
    /// When the answer is no success or no JSON.
    pub fn post_json(&self, path: &str, body: &Value) -> Value {
        let answer = self
            .post(path)
            .json(body)
            .send()
            .expect("the server answers");
        let status = answer.status();
        let text = answer.text().expect("an answer has a body");
        assert!(status.is_success(), "POST {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("POST {path}: {error} in {text}"))
    }

    /// Rows of a query.
    ///
    /// # Panics
    /// When the query fails.
    pub fn sql(&self, sql: &str) -> Vec<Value> {
        let answer = self.post_json("/v1/sql", &serde_json::json!({ "sql": sql }));
        answer["rows"]
            .as_array()
            .expect("an answer has rows")
            .clone()
    }

    /// Waits until the server has ended by itself; false when it has not within `patience`.
    ///
    /// # Panics
    /// When it cannot be asked.
    pub fn ends_within(&mut self, patience: Duration) -> bool {
        let begin = std::time::Instant::now();
        while begin.elapsed() < patience {
            if self
                .child
                .try_wait()
                .expect("a child can be asked")
                .is_some()
            {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }

    /// Ends the server as its operator does: SIGTERM, and waits until it has sealed what is in memory.
    ///
    /// # Panics
    /// When it is gone already, or does not end well.
    pub fn stop(mut self) {
        let id = self.child.id().to_string();
        let told = std::process::Command::new("kill")
            .args(["-TERM", &id])
            .status();
        assert!(told.expect("there is a kill").success());
        let ended = self.child.wait().expect("a stopped process ends");
        assert!(ended.success(), "{ended}");
    }

    /// Ends the server as a power cut does: SIGKILL.
    ///
    /// # Panics
    /// When it is gone already.
    pub fn kill(mut self) {
        self.child.kill().expect("the server was running");
        self.child.wait().expect("a killed process ends");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Gone already is fine.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
