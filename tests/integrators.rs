//! The guide for integrators: every example is run as it stands there.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use citybrain_tests::{Mosquitto, Server, repository};

use crate::import::small_state;

/// Language and text of every example, in order.
fn examples() -> Vec<(String, String)> {
    let guide = std::fs::read_to_string(repository().join("docs/integrators.md")).unwrap();
    let mut examples = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in guide.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => open = Some((language.to_owned(), String::new())),
            (Some(_), Some(_)) => examples.extend(open.take()),
            (None, Some((_, text))) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "the last example ends");
    examples
}

fn run(program: &str, option: &str, text: &str, dir: &Path) {
    let run = Command::new(program)
        .args([option, text])
        .current_dir(dir)
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "{text}\n{}\n{}",
        String::from_utf8_lossy(&run.stdout),
        String::from_utf8_lossy(&run.stderr)
    );
}

#[test]
fn every_example_of_the_guide_runs() {
    let (broker, state) = (Mosquitto::start(), small_state());
    let folder = tempfile::tempdir().unwrap();
    let examples = examples();
    let is_settings = |text: &str| {
        text.contains("[[mqtt]]") || text.contains("[[open311]]") || text.contains("[[folder]]")
    };
    let settings: String = examples
        .iter()
        .filter(|(language, text)| language == "toml" && is_settings(text))
        .map(|(_, text)| text.as_str())
        .collect();
    let settings = settings
        .replace("mqtt://127.0.0.1:1883", &broker.url())
        .replace("/srv/hotline", folder.path().to_str().unwrap());
    let file = state.path().join("citybrain.toml");
    std::fs::write(&file, settings).unwrap();
    let server = Server::configured(state.path(), &file);
    let since = Instant::now();
    while !server
        .response("/metrics")
        .text()
        .unwrap()
        .contains("citybrain_link_connected{link=\"citybrain-city\"} 1")
    {
        assert!(
            since.elapsed() < Duration::from_mins(2),
            "the server connects"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    let mut ran = 0;
    for (language, text) in &examples {
        let text = text
            .replace("http://127.0.0.1:8080", server.url())
            .replace("-p 1883", &format!("-p {}", broker.port()));
        match language.as_str() {
            "sh" => {
                let script = format!("set -euo pipefail\n{text}");
                run("bash", "-c", &script, state.path());
            }
            "python" => run("python3", "-c", &text, state.path()),
            "js" => {
                let path = state.path().join("example.mjs");
                std::fs::write(&path, &text).unwrap();
                run("node", path.to_str().unwrap(), "", state.path());
            }
            "toml" if !is_settings(&text) => {
                let path = state.path().join("my-network.toml");
                std::fs::write(&path, &text).unwrap();
                citybrain_ingest::Profile::load(path.to_str().unwrap()).unwrap();
            }
            "toml" => {}
            other => panic!("an example in {other} is not run"),
        }
        ran += 1;
    }
    assert!(ran >= 11, "{ran} examples");
    let count = |what: &str| server.sql(what)[0]["n"].as_u64().unwrap();
    let since = Instant::now();
    let observed = "SELECT count(*) AS n FROM observations";
    while count(observed) < 3 + 60 + 1 + 1 + 5 {
        assert!(
            since.elapsed() < Duration::from_mins(2),
            "{} observations",
            count(observed)
        );
        // The first messages may have been published before the server had subscribed; what comes twice is a duplicate.
        let again = examples
            .iter()
            .find(|(_, text)| text.contains("mosquitto_pub"))
            .unwrap();
        let script = again.1.replace("-p 1883", &format!("-p {}", broker.port()));
        run("bash", "-c", &script, state.path());
    }
    assert_eq!(count(observed), 3 + 60 + 1 + 1 + 5);
    assert_eq!(count("SELECT count(*) AS n FROM complaints"), 2);
}
