//! A real broker: Mosquitto on a port and with a file of its own, ended by its process id.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A running Mosquitto.
#[derive(Debug)]
pub struct Mosquitto {
    child: Child,
    port: u16,
    dir: TempDir,
}

/// How long it may take to start or to end.
const PATIENCE: Duration = Duration::from_mins(1);

impl Mosquitto {
    /// Starts a broker that keeps sessions and messages over a restart.
    ///
    /// # Panics
    /// When Mosquitto is not installed or does not answer.
    pub fn start() -> Self {
        Self::with("")
    }

    /// Starts a broker that speaks TLS with a certificate and its key, both PEM.
    ///
    /// # Panics
    /// As [`Mosquitto::start`].
    pub fn over_tls(certificate: &Path, key: &Path) -> Self {
        let (certificate, key) = (certificate.display(), key.display());
        Self::with(&format!("certfile {certificate}\nkeyfile {key}\n"))
    }

    fn with(listener: &str) -> Self {
        let dir = tempfile::tempdir().expect("there is room for a folder");
        let free = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let port = free.local_addr().expect("it listens").port();
        drop(free);
        let config = format!(
            "listener {port} 127.0.0.1\n{listener}allow_anonymous true\npersistence true\npersistence_location {}/\n\
             max_queued_messages 0\nmax_inflight_messages 0\nset_tcp_nodelay true\nuser root\nlog_dest none\n",
            dir.path().display()
        );
        std::fs::write(dir.path().join("mosquitto.conf"), config).expect("the folder takes a file");
        let child = spawn(dir.path(), port);
        Self { child, port, dir }
    }

    /// Its address: `mqtt://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    /// Its port on loopback.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Ends the broker in an orderly way, so that it writes down what it holds, and starts it again.
    ///
    /// # Panics
    /// When it does not end or does not come back.
    pub fn restart(&mut self) {
        let asked = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        assert!(
            asked.expect("kill is there").success(),
            "the broker was running"
        );
        let since = Instant::now();
        while self.child.try_wait().expect("it is our child").is_none() {
            assert!(
                since.elapsed() < PATIENCE,
                "the broker ends when it is asked to"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        self.child = spawn(self.dir.path(), self.port);
    }
}

fn spawn(dir: &Path, port: u16) -> Child {
    let program = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"]
        .into_iter()
        .map(PathBuf::from)
        .find(|path| path.exists())
        .unwrap_or_else(|| "mosquitto".into());
    let mut child = Command::new(program)
        .arg("-c")
        .arg(dir.join("mosquitto.conf"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("Mosquitto is installed: scripts/tools.sh");
    let since = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let ended = child.try_wait().expect("it is our child");
        assert!(ended.is_none(), "the broker ended at once: {ended:?}");
        assert!(since.elapsed() < PATIENCE, "the broker listens");
        std::thread::sleep(Duration::from_millis(10));
    }
    child
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        // Gone already is fine.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
