//! A server that others can reach: it speaks TLS and asks for keys, or it does not start; and it is not held up by who says nothing.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use citybrain_tests::{Server, certificate, citybrain, run};

use crate::import::small_state;

const PATIENCE: Duration = Duration::from_mins(2);

/// A server with a certificate, and the port of its address.
struct Secure(Child, u16);

impl Secure {
    fn start(state: &Path, certificate: &Path, key: &Path, listen: &str) -> Self {
        let mut child = citybrain(["serve", "--listen", listen, "--state-dir"])
            .arg(state)
            .arg("--tls-cert")
            .arg(certificate)
            .arg("--tls-key")
            .arg(key)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let out = child.stdout.take().unwrap();
        let mut lines = BufReader::new(out).lines().map_while(Result::ok);
        let line = lines.find(|line| line.contains("https://")).unwrap();
        let port = line.trim_end_matches('/').rsplit(':').next().unwrap();
        Self(child, port.parse().unwrap())
    }

    /// What curl says of `/healthz`, when it trusts a certificate.
    fn answers(&self, trusted: &Path) -> bool {
        let url = format!("https://127.0.0.1:{}/healthz", self.1);
        let run = Command::new("curl")
            .args(["-sS", "-f", "--max-time", "30", "--cacert"])
            .arg(trusted)
            .arg(url)
            .output()
            .unwrap();
        run.status.success()
    }
}

impl Drop for Secure {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn a_server_speaks_tls_and_takes_on_a_new_certificate_while_it_runs() {
    let (state, dir) = (small_state(), tempfile::tempdir().unwrap());
    let (cert, key) = certificate(dir.path());
    let server = Secure::start(state.path(), &cert, &key, "127.0.0.1:0");
    let first = dir.path().join("first.pem");
    std::fs::copy(&cert, &first).unwrap();
    assert!(server.answers(&first));
    // Who does not speak TLS is not answered, and holds nobody up.
    let mut plain = TcpStream::connect(("127.0.0.1", server.1)).unwrap();
    plain
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    plain.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut answer = Vec::new();
    plain.read_to_end(&mut answer).ok();
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    certificate(dir.path());
    let since = Instant::now();
    while !server.answers(&cert) {
        assert!(
            since.elapsed() < PATIENCE,
            "the new certificate is taken on"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(!server.answers(&first));
}

#[test]
fn a_server_that_others_reach_needs_tls_and_a_key_or_says_that_it_is_insecure() {
    let (state, dir) = (small_state(), tempfile::tempdir().unwrap());
    let (cert, key) = certificate(dir.path());
    let [state_dir, cert_file, key_file] =
        [state.path(), &cert, &key].map(|path| path.to_str().unwrap());
    let serve = |options: &[&str]| {
        let all = ["serve", "--listen", "0.0.0.0:0", "--state-dir", state_dir];
        run(all.iter().chain(options).copied().collect::<Vec<_>>())
    };
    let refused = serve(&[]);
    assert!(
        refused.code == 1 && refused.err.contains("not encrypted"),
        "{refused:?}"
    );
    let tls = ["--tls-cert", cert_file, "--tls-key", key_file];
    let refused = serve(&tls);
    assert!(
        refused.code == 1 && refused.err.contains("without a key"),
        "{refused:?}"
    );
    let refused = serve(&tls[..2]);
    assert_eq!(refused.code, 2, "{refused:?}");
    let other = tempfile::tempdir().unwrap();
    let (_, other_key) = certificate(other.path());
    let refused = run([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--state-dir",
        state_dir,
        "--tls-cert",
        cert_file,
        "--tls-key",
        other_key.to_str().unwrap(),
    ]);
    assert!(
        refused.code == 1 && refused.err.contains("certificate.pem"),
        "{refused:?}"
    );
    let made = run(["key", "create", "--state-dir", state_dir, "--role", "admin"]);
    assert_eq!(made.code, 0, "{made:?}");
    let server = Secure::start(state.path(), &cert, &key, "0.0.0.0:0");
    assert!(server.answers(&cert));
}

#[test]
fn a_head_that_never_ends_and_one_that_is_too_long_hold_nobody_up() {
    let state = small_state();
    let server = Server::start_with(state.path(), &[("CITYBRAIN_HEAD_SECONDS", "2")]);
    let address = server.url().trim_start_matches("http://").to_owned();
    let connect = || {
        let stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    };
    let mut slow: Vec<TcpStream> = (0..200).map(|_| connect()).collect();
    for stream in &mut slow {
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ")
            .unwrap();
    }
    assert!(server.response("/healthz").status().is_success());
    let since = Instant::now();
    for stream in &mut slow {
        let mut rest = Vec::new();
        // The end, or a reset: it is over.
        stream.read_to_end(&mut rest).ok();
        assert!(!rest.starts_with(b"HTTP/1.1 200"), "{rest:?}");
    }
    assert!(since.elapsed() < PATIENCE);
    let mut long = connect();
    long.write_all(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        .unwrap();
    let header = format!("X-A: {}\r\n", "a".repeat(8000));
    for _ in 0..40 {
        if long.write_all(header.as_bytes()).is_err() {
            break;
        }
    }
    let mut answer = Vec::new();
    long.read_to_end(&mut answer).ok();
    assert!(
        answer.is_empty() || answer.starts_with(b"HTTP/1.1 431"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    assert!(server.response("/healthz").status().is_success());
}
