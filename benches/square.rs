//! The built server on a city of one square, for programs that measure it from outside.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const DISTRICT: &str = r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"a","name":"a"},"geometry":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1],[0,0]]]}}]}"#;

const CITY: &str = r#"name = "Square"
time_zone = "UTC"
base_resolution = 9
languages = ["en"]

[[level]]
level = "district"
name = { en = "District" }
[[level.boundary]]
file = "district.geojson"
id = "code"
label = "name"
parent = "city"
crs = "wgs84"
"#;

/// A process that ends with this.
#[derive(Debug)]
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A server on the square, ended with this.
#[derive(Debug)]
pub struct Server {
    running: Running,
    host: String,
}

impl Server {
    /// Starts the binary that `CITYBRAIN` names, or the one beside this program, on `state`, which is made if it is not there; the city's
    /// files are written to `dir`. `config` is a file of settings.
    ///
    /// # Panics
    /// When it does not start: there is nothing to measure then.
    #[expect(
        clippy::unwrap_used,
        reason = "a tool for people that ends at its first fault"
    )]
    pub fn start(dir: &Path, state: &Path, config: Option<&Path>) -> Self {
        let binary = std::env::var_os("CITYBRAIN").map_or_else(
            || std::env::current_exe().unwrap().with_file_name("citybrain"),
            PathBuf::from,
        );
        std::fs::write(dir.join("district.geojson"), DISTRICT).unwrap();
        std::fs::write(dir.join("city.toml"), CITY).unwrap();
        let made = Command::new(&binary)
            .args(["init", "--city"])
            .arg(dir.join("city.toml"))
            .arg("--state-dir")
            .arg(state)
            .status();
        assert!(made.unwrap().success());
        let mut serve = Command::new(&binary);
        serve
            .args(["serve", "--listen", "127.0.0.1:0", "--state-dir"])
            .arg(state);
        if let Some(config) = config {
            serve.arg("--config").arg(config);
        }
        let mut running = Running(serve.stdout(Stdio::piped()).spawn().unwrap());
        let lines = BufReader::new(running.0.stdout.take().unwrap()).lines();
        let host = lines.map_while(Result::ok).find_map(|line| {
            let (_, host) = line.split_once("http://")?;
            let host = host.split_whitespace().next()?;
            Some(host.trim_end_matches('/').to_owned())
        });
        Self {
            running,
            host: host.expect("the server says where it listens"),
        }
    }

    /// Address and port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Where it is asked, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.host)
    }

    /// Number of the process.
    pub fn id(&self) -> u32 {
        self.running.0.id()
    }

    /// How many observations there are.
    ///
    /// # Panics
    /// When it does not answer.
    #[expect(
        clippy::unwrap_used,
        reason = "a tool for people that ends at its first fault"
    )]
    pub fn observations(&self) -> u64 {
        let sql = serde_json::json!({"sql": "SELECT count(*) AS n FROM observations"});
        let client = reqwest::blocking::Client::builder().timeout(None).build();
        let answer = client
            .unwrap()
            .post(format!("{}/v1/sql", self.url()))
            .json(&sql)
            .send();
        let answer: serde_json::Value = answer.unwrap().json().unwrap();
        answer["rows"][0]["n"].as_u64().unwrap()
    }
}
