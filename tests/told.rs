//! Who is told of alerts: a broker, and a server over TLS; each message at least once, whatever is away or killed meanwhile.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use citybrain_tests::{Mosquitto, Server};
use serde_json::{Value, json};

use crate::alerts::{alerts, complaint, many, put};
use crate::import::small_state;

const PATIENCE: Duration = Duration::from_mins(2);

/// A process that ends with the test.
struct Helper(Child);

impl Drop for Helper {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// The lines that a process says.
fn lines(command: &mut Command) -> (Helper, Receiver<String>) {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in out.lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    (Helper(child), lines)
}

/// What comes on a topic, from when a first message came through.
fn subscriber(port: u16, topic: &str) -> (Helper, Receiver<String>) {
    let port = port.to_string();
    let at = ["-h", "127.0.0.1", "-p", &port, "-t", topic, "-q", "1"];
    let (helper, said) = lines(Command::new("mosquitto_sub").args(at));
    let start = Instant::now();
    loop {
        let mut publisher = Command::new("mosquitto_pub");
        let sent = publisher.args(at).args(["-m", "ready"]).status();
        assert!(sent.unwrap().success());
        if said.recv_timeout(Duration::from_millis(200)).is_ok() {
            return (helper, said);
        }
        assert!(start.elapsed() < PATIENCE, "nothing comes on {topic}");
    }
}

fn message(said: &Receiver<String>) -> Value {
    loop {
        let line = said.recv_timeout(PATIENCE).unwrap();
        if line.starts_with('{') {
            return serde_json::from_str(&line).unwrap();
        }
    }
}

/// Waits for the deliveries in a state.
fn deliveries(server: &Server, state: &str, fits: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let start = Instant::now();
    loop {
        let answer = server.get(&format!("/v1/deliveries?state={state}"));
        let found = answer["deliveries"].as_array().unwrap();
        if fits(found) {
            return found.clone();
        }
        assert!(start.elapsed() < PATIENCE, "{answer}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn linked(folder: &Path, port: u16) -> PathBuf {
    let file = folder.join("linked.toml");
    let text = format!(
        "[[mqtt]]\nurl = \"mqtt://127.0.0.1:{port}\"\nclient_id = \"city\"\nversion = \"3.1.1\"\n"
    );
    std::fs::write(&file, text).unwrap();
    file
}

#[test]
fn a_broker_is_told_of_alerts_and_of_those_that_were_raised_while_it_was_away() {
    let state = small_state();
    let broker = Mosquitto::start();
    let (_subscriber, said) = subscriber(broker.port(), "city/alerts");
    let server = Server::configured(state.path(), &linked(state.path(), broker.port()));
    for wrong in [
        "mqtt://other/city/alerts",
        "mqtt://city/",
        "mqtt://city/a/#",
    ] {
        let url = format!("{}/v1/webhooks/wrong", server.url());
        let client = reqwest::blocking::Client::new();
        let answer = client.put(url).json(&json!({"url": wrong})).send().unwrap();
        assert_eq!(answer.status().as_u16(), 400, "{wrong}");
    }
    let hook = json!({"url": "mqtt://city/city/alerts", "severity": "info"});
    put(&server, "/v1/webhooks/broker", &hook);
    put(&server, "/v1/rules/many", &many(1));
    server.post_json("/v1/complaints", &complaint("1", 1));
    let told = message(&said);
    assert_eq!(
        json!([told["step"], told["actor"], told["alert"]["rule"]]),
        json!(["raised", "rule", "many"])
    );
    let done = deliveries(&server, "done", |done| done.len() == 1);
    assert_eq!(done[0]["id"], told["delivery"]);

    // Neither the broker nor the server outlives the next alert.
    drop(broker);
    put(&server, "/v1/rules/again", &many(1));
    alerts(&server, "?rule=again", |alerts| alerts.len() == 1);
    let due = deliveries(&server, "due", |due| {
        due.iter().any(|due| due["error"].is_string())
    });
    server.kill();
    let broker = Mosquitto::start();
    let (_subscriber, said) = subscriber(broker.port(), "city/alerts");
    let server = Server::configured(state.path(), &linked(state.path(), broker.port()));
    let told = message(&said);
    assert_eq!(
        json!([told["delivery"], told["alert"]["rule"]]),
        json!([due[0]["id"], "again"])
    );
    deliveries(&server, "due", <[Value]>::is_empty);
}

/// A server over TLS that says each message as a line.
const RECEIVER: &str = r#"
import http.server, json, ssl, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self.send_response(204)
        self.end_headers()
        print(json.dumps({"headers": {name.lower(): value for name, value in self.headers.items()}, "body": body}), flush=True)
    def log_message(self, *_): pass
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
"#;

#[test]
fn a_webhook_over_tls_is_told_when_its_certificate_is_trusted_and_not_before() {
    let state = small_state();
    let [certificate, key] = ["certificate.pem", "key.pem"].map(|name| state.path().join(name));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
        ])
        .args([
            "-subj",
            "/CN=receiver",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
        ])
        .args([
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-days",
            "2",
        ])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .stderr(Stdio::null())
        .status();
    assert!(made.unwrap().success());
    let (_receiver, said) = lines(
        Command::new("python3")
            .args(["-c", RECEIVER])
            .args([&certificate, &key]),
    );
    let port = said.recv_timeout(PATIENCE).unwrap();
    let hook = json!({"url": format!("https://127.0.0.1:{port}/hook"), "secret": "sixteen characters", "severity": "info"});

    // It signed its own certificate: nobody whom the system trusts did.
    let server = Server::start(state.path());
    put(&server, "/v1/webhooks/desk", &hook);
    put(&server, "/v1/rules/many", &many(1));
    server.post_json("/v1/complaints", &complaint("1", 1));
    deliveries(&server, "due", |due| {
        due.iter().any(|due| due["error"].is_string())
    });
    server.stop();

    let trusted = certificate.to_str().unwrap();
    let _server = Server::start_with(state.path(), &[("SSL_CERT_FILE", trusted)]);
    let told: Value = serde_json::from_str(&said.recv_timeout(PATIENCE).unwrap()).unwrap();
    let headers = &told["headers"];
    let signature = headers["citybrain-signature"].as_str().unwrap();
    // What a receiver does in Python, with its own library.
    let check = "import hmac, sys; print('v1=' + hmac.new(sys.argv[1].encode(), f'{sys.argv[2]}.{sys.argv[3]}'.encode(), 'sha256').hexdigest())";
    let checked = Command::new("python3")
        .args(["-c", check, "sixteen characters"])
        .arg(headers["citybrain-timestamp"].as_str().unwrap())
        .arg(told["body"].as_str().unwrap())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&checked.stdout).trim(), signature);
}
