use rstest::rstest;

use super::*;

const SETTINGS: &str = r#"
url = "mqtt://broker.example"
client_id = "city"
[[topic]]
profile = "chirpstack-v4"
prefix = "site/"
[[topic]]
profile = "sensorthings"
"#;

fn settings(text: &str) -> MqttSettings {
    toml::from_str(text).unwrap()
}

#[test]
fn topics_are_those_of_the_profile_behind_the_prefix() {
    let settings = settings(SETTINGS);
    assert_eq!(settings.version, MqttVersion::V5);
    let taken = settings.subscriptions().unwrap();
    assert_eq!(taken[0].filters, ["site/application/+/device/+/event/+"]);
    assert_eq!(
        taken[1].filters,
        ["v1.1/+/Observations", "v1.0/+/Observations"]
    );
    let broker = settings.broker().unwrap();
    assert_eq!(
        (broker.host.as_str(), broker.port),
        ("broker.example", 1883)
    );
    assert!(broker.tls.is_none() && broker.credentials.is_none());
}

#[rstest]
#[case("mqtt://10.0.0.1:1884", "10.0.0.1", 1884)]
#[case("mqtts://broker.example/", "broker.example", 8883)]
#[case("mqtt://[::1]:1883", "[::1]", 1883)]
#[case("mqtt://[::1]", "[::1]", 1883)]
fn an_address_names_host_and_port(#[case] url: &str, #[case] host: &str, #[case] port: u16) {
    let broker = settings(&SETTINGS.replace("mqtt://broker.example", url)).broker();
    let broker = broker.unwrap();
    assert_eq!((broker.host.as_str(), broker.port), (host, port));
}

#[rstest]
#[case("mqtt://broker.example", "http://broker.example", "url")]
#[case(
    "mqtt://broker.example",
    "mqtt://user:secret@broker.example",
    "without a user"
)]
#[case("mqtt://broker.example", "mqtt://broker.example:no", "url")]
#[case("\"chirpstack-v4\"", "\"chirp\"", "no source profile")]
#[case("\"chirpstack-v4\"", "\"nyc-311\"", "topic.filter")]
#[case("client_id = \"city\"", "client_id = \"\"", "client_id")]
#[case(
    "client_id = \"city\"",
    "client_id = \"city\"\nkeep_alive_seconds = 1",
    "keep_alive"
)]
#[case(
    "client_id = \"city\"",
    "client_id = \"city\"\nusername_env = \"NO_SUCH_NAME\"",
    "NO_SUCH_NAME"
)]
#[case(
    "client_id = \"city\"",
    "client_id = \"city\"\nclient_cert_file = \"x\"",
    "x"
)]
#[case("prefix = \"site/\"", "filter = [\"a/#/b\"]", "topic.filter")]
fn a_setting_that_cannot_be_used_is_told_by_name(
    #[case] from: &str,
    #[case] to: &str,
    #[case] expected: &str,
) {
    let faulty = SETTINGS.replace(from, to).replace(
        "mqtt://broker.example\"\nclient_id = \"city\"\nclient_cert",
        "mqtts://broker.example\"\nclient_id = \"city\"\nclient_cert",
    );
    let faulty = settings(&faulty);
    let subscribed = faulty.subscriptions().map(|_| ());
    let message = subscribed.and_then(|()| faulty.broker().map(|_| ()));
    let message = message.unwrap_err().to_string();
    assert!(message.contains(expected), "{message}");
    assert!(!message.contains("secret"), "{message}");
}
