//! A real S3 server: moto, on a port of its own, with one bucket; ended by its process id.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running S3 server.
#[derive(Debug)]
pub struct Bucket {
    child: Child,
    endpoint: String,
}

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_mins(2);

impl Bucket {
    /// Starts the server and makes the bucket `city`. None, with a line that says so, when moto is not installed.
    ///
    /// # Panics
    /// When it does not answer.
    #[expect(clippy::print_stdout, reason = "a skipped test says so")]
    pub fn start() -> Option<Self> {
        let program = program();
        if !program.is_file() {
            println!("skipped: no S3 server ({})", program.display());
            return None;
        }
        let free = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let port = free.local_addr().expect("it listens").port();
        drop(free);
        let child = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the S3 server starts");
        let bucket = Self {
            child,
            endpoint: format!("http://127.0.0.1:{port}"),
        };
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begin.elapsed() < PATIENCE, "the S3 server answers");
            std::thread::sleep(Duration::from_millis(50));
        }
        let made = reqwest::blocking::Client::new()
            .put(format!("{}/city", bucket.endpoint))
            .send()
            .expect("the S3 server answers");
        assert!(made.status().is_success(), "{made:?}");
        Some(bucket)
    }

    /// Its port.
    ///
    /// # Panics
    /// Never: it was started on one.
    pub fn port(&self) -> u16 {
        let port = self.endpoint.rsplit(':').next();
        port.and_then(|port| port.parse().ok())
            .expect("its address ends with its port")
    }

    /// What a process needs in its environment to reach it.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        Self::environment_at(&self.endpoint)
    }

    /// What a process needs to reach it by the way of `port` of loopback.
    pub fn environment_by(port: u16) -> Vec<(&'static str, String)> {
        Self::environment_at(&format!("http://127.0.0.1:{port}"))
    }

    fn environment_at(endpoint: &str) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ENDPOINT_URL", endpoint.to_owned()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
        ]
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        // Gone already is fine.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// `scripts/tools.sh` puts it into a virtual environment outside of the clone; `CITYBRAIN_PYTHON` names another one.
fn program() -> PathBuf {
    let python = std::env::var_os("CITYBRAIN_PYTHON").map_or_else(
        || {
            let home = std::env::var_os("HOME").unwrap_or_default();
            Path::new(&home).join(".cache/citybrain/python/bin/python")
        },
        PathBuf::from,
    );
    python.with_file_name("moto_server")
}
