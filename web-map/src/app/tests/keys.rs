//! With keys: who passes, and what each role is told.

use chrono::Utc;
use citybrain_store::{Control, NewKey, Role, StateDir};
use h3o::{CellIndex, LatLng};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::{TestServer, complaint, heat};
use crate::config::Config;

fn control(server: &TestServer) -> Control {
    Control::open(&StateDir::open(server.dir.path()).unwrap()).unwrap()
}

/// Makes a key as the command line does, from outside of the server.
fn key(server: &TestServer, role: Role, feeds: &[&str]) -> String {
    let new = NewKey {
        name: role.as_str().to_owned(),
        role,
        feeds: feeds.iter().map(|feed| (*feed).to_owned()).collect(),
        requests_per_second: None,
        body_bytes: None,
        expires_at: None,
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "the server that is asked reads the clock too"
    )]
    let now = Utc::now();
    let (_, secret) = control(server).create_key(&new, "test", now).unwrap();
    secret.reveal().to_owned()
}

async fn status(request: RequestBuilder) -> StatusCode {
    request.send().await.unwrap().status()
}

/// Waits until the server knows of the keys.
async fn until_asked_for(server: &TestServer) {
    while status(server.client.get(format!("{}/v1/city", server.url))).await
        != StatusCode::UNAUTHORIZED
    {
        tokio::task::yield_now().await;
    }
}

async fn get(server: &TestServer, secret: &str, path: &str) -> (StatusCode, Value) {
    let asked = server.client.get(format!("{}{path}", server.url));
    let answer = asked.bearer_auth(secret).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap_or_default())
}

#[tokio::test]
async fn from_the_first_key_on_each_role_passes_as_far_as_it_reaches() {
    let server = TestServer::start().await;
    let six: Vec<Value> = (0..6)
        .map(|id| {
            let mut complaint = complaint(&id.to_string(), 1);
            complaint["text"] = json!("words of a citizen");
            complaint
        })
        .chain([complaint("alone", 2)])
        .collect();
    server.post_json("/v1/complaints", &json!(six)).await;
    assert_eq!(server.json("/v1/session").await["role"], "admin");

    let [public, operator, planner, integrator, admin] = Role::ALL.map(|role| {
        key(
            &server,
            role,
            if role == Role::Integrator {
                &["noise"]
            } else {
                &[]
            },
        )
    });
    until_asked_for(&server).await;
    assert_eq!(server.response("/healthz").await.status(), StatusCode::OK);
    assert_eq!(
        server.problem("/v1/cells").await.0,
        StatusCode::UNAUTHORIZED
    );
    for (secret, path, expected) in [
        (&public, "/v1/cells", StatusCode::OK),
        (&public, "/v1/complaints", StatusCode::FORBIDDEN),
        (&public, "/v1/cells?bbox=1,1,2,2", StatusCode::FORBIDDEN),
        (&public, "/v1/audit", StatusCode::FORBIDDEN),
        (&operator, "/v1/complaints", StatusCode::OK),
        (&operator, "/v1/audit", StatusCode::FORBIDDEN),
        (&planner, "/v1/sensors", StatusCode::OK),
        (&integrator, "/v1/cells", StatusCode::FORBIDDEN),
        (&admin, "/v1/audit", StatusCode::OK),
    ] {
        assert_eq!(get(&server, secret, path).await.0, expected, "{path}");
    }
    // What only one complaint tells is hidden from the public, in every answer alike.
    let (_, whole) = get(&server, &planner, "/v1/cells").await;
    let (_, told) = get(&server, &public, "/v1/cells").await;
    assert_eq!(
        (&whole["total"], whole["cells"].as_array().unwrap().len()),
        (&json!(7), 2)
    );
    assert_eq!(
        (&told["total"], told["cells"].as_array().unwrap().len()),
        (&json!(5), 1)
    );
    assert_eq!(told["cells"][0][1], 5);
    assert!(told.get("sql").is_none());
    // A tile with values tells the public no more than that.
    for cell in whole["cells"].as_array().unwrap() {
        let hex = cell[0].as_str().unwrap();
        let centre = LatLng::from(hex.parse::<CellIndex>().unwrap());
        let tile = heat::path(heat::tile_at(12, centre.lng(), centre.lat()));
        for (secret, is_told) in [(&planner, true), (&public, cell[1] == 6)] {
            let asked = server.client.get(format!("{}{tile}", server.url));
            let answer = asked.bearer_auth(secret).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK);
            let bytes = answer.bytes().await.unwrap();
            let found = String::from_utf8_lossy(&bytes).contains(hex);
            assert_eq!(found, is_told, "{cell}");
        }
    }
    let (_, series) = get(&server, &public, "/v1/series").await;
    assert_eq!(series["total"], 5);
    // Words are for who may see them.
    let words = |answer: &Value| answer.to_string().contains("words of a citizen");
    assert!(words(&get(&server, &planner, "/v1/complaints/0").await.1));
    let (shown, seen) = get(&server, &operator, "/v1/complaints/0").await;
    assert!(shown == StatusCode::OK && !words(&seen), "{seen}");

    // A feed's key writes its own feed.
    let post = |body: Value| {
        server
            .post("/v1/observations")
            .bearer_auth(&integrator)
            .json(&body)
    };
    let own = json!({"datastream": "d", "phenomenon_time": "2026-05-05T00:00:00Z", "result": 1.5});
    assert_eq!(status(post(own.clone())).await, StatusCode::OK);
    let mut foreign = own;
    foreign["source"] = json!("other");
    assert_eq!(status(post(foreign)).await, StatusCode::FORBIDDEN);
    let sql = json!({"sql": "SELECT source FROM observations"});
    let asked = server.post("/v1/sql").bearer_auth(&admin).json(&sql);
    let rows: Value = asked.send().await.unwrap().json().await.unwrap();
    assert_eq!(rows["rows"], json!([{"source": "noise"}]));
}

#[tokio::test]
async fn what_is_done_about_rules_and_alerts_bears_the_name_of_the_key() {
    let server = TestServer::start().await;
    let secret = key(&server, Role::Operator, &[]);
    until_asked_for(&server).await;
    let url = format!("{}/v1/rules/mine", server.url);
    let rule = json!({"when": {"kind": "threshold", "window": "1h", "at_least": 3}});
    let put = server.client.put(url).bearer_auth(&secret).json(&rule);
    let kept: Value = put.send().await.unwrap().json().await.unwrap();
    let who = kept["changed_by"].as_str().unwrap();
    assert!(who.contains("operator"), "{kept}");
}

#[tokio::test]
async fn a_browser_signs_in_once_and_acts_from_the_servers_own_page_only() {
    let server = TestServer::start().await;
    let secret = key(&server, Role::Admin, &[]);
    until_asked_for(&server).await;
    let page = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let at = |path: &str| format!("{}{path}", server.url);
    let sent_on = page.get(at("/")).send().await.unwrap();
    assert_eq!(sent_on.headers()["location"], "/signin");
    let form = page.get(at("/signin")).send().await.unwrap();
    assert!(form.text().await.unwrap().contains("/v1/session"));

    let wrong = json!({"key": "cb_1_0"});
    assert_eq!(
        status(page.post(at("/v1/session")).json(&wrong)).await,
        StatusCode::UNAUTHORIZED
    );
    let signed = page
        .post(at("/v1/session"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("key={secret}"))
        .send()
        .await
        .unwrap();
    assert_eq!(signed.status(), StatusCode::SEE_OTHER);
    let cookie = signed.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
        "{cookie}"
    );
    let cookie = cookie.split(';').next().unwrap();
    let ask = |path: &str| page.get(at(path)).header("cookie", cookie);
    assert_eq!(status(ask("/v1/complaints")).await, StatusCode::OK);
    let sql = || {
        let question = json!({"sql": "SELECT 1 AS one"});
        page.post(at("/v1/sql"))
            .header("cookie", cookie)
            .json(&question)
    };
    assert_eq!(
        status(sql().header("sec-fetch-site", "same-origin")).await,
        StatusCode::OK
    );
    assert_eq!(
        status(sql().header("sec-fetch-site", "cross-site")).await,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        status(sql().header("origin", "http://evil.example")).await,
        StatusCode::FORBIDDEN
    );
    let end = page.post(at("/v1/session/end")).header("cookie", cookie);
    assert_eq!(status(end).await, StatusCode::NO_CONTENT);
    assert_eq!(
        status(ask("/v1/complaints")).await,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_key_that_is_used_too_often_is_told_when_to_come_back() {
    let config = Config {
        public_requests_per_second: 1,
        ..Config::default()
    };
    let server = TestServer::with(config).await;
    let secret = key(&server, Role::Public, &[]);
    until_asked_for(&server).await;
    let mut refused = None;
    for _ in 0..200 {
        let asked = server.client.get(format!("{}/v1/city", server.url));
        let answer = asked.bearer_auth(&secret).send().await.unwrap();
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("one request a second is exceeded");
    assert_eq!(refused.headers()["retry-after"], "1");
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story of two feeds at two doors")]
async fn a_key_of_a_feed_reaches_no_further_by_open311_and_by_sensorthings() {
    let server = TestServer::start().await;
    let thing = |name: &str| {
        json!({
            "name": name, "description": name,
            "Datastreams": [{
                "name": "noise", "description": "noise",
                "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
                "unitOfMeasurement": {"name": "decibel", "symbol": "dB", "definition": "ucum:dB"},
                "Sensor": {"name": "s", "description": "s", "encodingType": "text/plain", "metadata": "x"},
                "ObservedProperty": {"name": "noise", "description": "noise", "definition": "http://example.org/noise"},
                "Observations": [{"phenomenonTime": "2026-05-04T00:00:00Z", "result": 60}],
            }],
        })
    };
    server
        .post_json("/sta/v1.1/Things", &thing("everybody's"))
        .await;
    let own = key(&server, Role::Integrator, &["street"]);
    let other = key(&server, Role::Integrator, &["harbour"]);
    let admin = key(&server, Role::Admin, &[]);
    until_asked_for(&server).await;
    let send = |secret: &str, method: &str, path: &str, body: Value| {
        let url = format!("{}/sta/v1.1/{path}", server.url);
        let request = server.client.request(method.parse().unwrap(), url);
        let request = request.bearer_auth(secret).json(&body);
        async move {
            let answer = request.send().await.unwrap();
            (
                answer.status().as_u16(),
                answer.json::<Value>().await.unwrap_or_default(),
            )
        }
    };
    let (made, street) = send(&own, "POST", "Things", thing("street")).await;
    assert_eq!(made, 201, "{street}");
    let thing_id = street["@iot.id"].clone();
    let (_, streams) = get(
        &server,
        &own,
        &format!("/sta/v1.1/Things({thing_id})/Datastreams"),
    )
    .await;
    let stream = streams["value"][0]["@iot.id"].clone();
    let observation = json!({"phenomenonTime": "2026-05-04T01:00:00Z", "result": 61});
    let to = format!("Datastreams({stream})/Observations");
    assert_eq!(send(&own, "POST", &to, observation.clone()).await.0, 201);
    // Another feed's key: not to be seen, not to be written to, not to be changed.
    for (secret, count) in [(&own, 1), (&other, 0), (&admin, 2)] {
        let (_, things) = get(&server, secret, "/sta/v1.1/Things?$count=true").await;
        assert_eq!(things["@iot.count"], count, "{things}");
    }
    let (_, seen) = get(&server, &other, "/sta/v1.1/Observations").await;
    assert_eq!(seen["value"], json!([]));
    assert_eq!(
        get(&server, &other, &format!("/sta/v1.1/Things({thing_id})"))
            .await
            .0,
        StatusCode::NOT_FOUND
    );
    let later = json!({"phenomenonTime": "2026-05-04T02:00:00Z", "result": 62});
    let named = |name: &str| json!({ "name": name });
    for (method, path, body) in [
        ("POST", to.clone(), later.clone()),
        ("PATCH", format!("Things({thing_id})"), named("stolen")),
        ("DELETE", format!("Things({thing_id})"), json!({})),
        ("DELETE", format!("Datastreams({stream})"), json!({})),
    ] {
        let (status, answer) = send(&other, method, &path, body).await;
        assert_eq!(status, 403, "{method} {path}: {answer}");
    }
    let rows = json!([{
        "Datastream": {"@iot.id": stream}, "components": ["phenomenonTime", "result"],
        "dataArray": [["2026-05-04T03:00:00Z", 63]],
    }]);
    assert_eq!(
        send(&other, "POST", "CreateObservations", rows.clone())
            .await
            .1,
        json!(["error"])
    );
    assert_ne!(
        send(&own, "POST", "CreateObservations", rows).await.1,
        json!(["error"])
    );
    assert_eq!(
        send(
            &own,
            "PATCH",
            &format!("Things({thing_id})"),
            named("street 7")
        )
        .await
        .0,
        200
    );

    // Open311: the key stands in the form, as its clients send it.
    let form = |secret: &str| {
        let body =
            format!("api_key={secret}&service_code=noise&lat=39.9&long=116.4&description=loud");
        server
            .post("/open311/v2/requests.json")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
    };
    assert_eq!(status(form("cb_9_no")).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(form(&own)).await, StatusCode::OK);
    let sql = json!({"sql": "SELECT source FROM complaints UNION ALL SELECT DISTINCT source FROM observations ORDER BY 1"});
    let asked = server.post("/v1/sql").bearer_auth(&admin).json(&sql);
    let rows: Value = asked.send().await.unwrap().json().await.unwrap();
    assert_eq!(
        rows["rows"],
        json!([{"source": "sensorthings"}, {"source": "street"}, {"source": "street"}])
    );
}

#[tokio::test]
async fn a_role_asks_within_limits_of_its_own() {
    let mut config = Config::default();
    config.role_limits.planner.query_rows = Some(2);
    let server = TestServer::with(config).await;
    let (planner, admin) = (
        key(&server, Role::Planner, &[]),
        key(&server, Role::Admin, &[]),
    );
    until_asked_for(&server).await;
    for (secret, rows, truncated) in [(&planner, 2, true), (&admin, 5, false)] {
        let sql = json!({"sql": "SELECT * FROM (VALUES (1), (2), (3), (4), (5)) AS t(n)"});
        let asked = server.post("/v1/sql").bearer_auth(secret).json(&sql);
        let answer: Value = asked.send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["rows"].as_array().unwrap().len(), rows, "{answer}");
        assert_eq!(answer["truncated"], truncated);
    }
}

#[tokio::test]
async fn who_did_what_is_a_table_for_admins_and_for_nobody_else() {
    let server = TestServer::start().await;
    let (planner, admin) = (
        key(&server, Role::Planner, &[]),
        key(&server, Role::Admin, &[]),
    );
    until_asked_for(&server).await;
    let ask = async |secret: &str, sql: &str| {
        let asked = server.post("/v1/sql").bearer_auth(secret);
        let answer = asked.json(&json!({ "sql": sql })).send().await.unwrap();
        (answer.status(), answer.json::<Value>().await.unwrap())
    };
    let made = "SELECT actor, count(*) AS n FROM audit WHERE action = 'key.create' GROUP BY actor";
    let (status, answer) = ask(&admin, made).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(answer["rows"], json!([{"actor": "test", "n": 2}]));
    let tables = "SELECT count(*) AS n FROM information_schema.tables WHERE table_name = 'audit'";
    for (secret, n) in [(&admin, 1), (&planner, 0)] {
        assert_eq!(ask(secret, tables).await.1["rows"][0]["n"], n);
    }
    let (status, problem) = ask(&planner, made).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{problem}");
}

#[tokio::test]
async fn keys_are_made_shown_once_and_taken_back_over_http() {
    let server = TestServer::start().await;
    let url = format!("{}/v1/keys", server.url);
    let ask = async |secret: Option<&str>, body: Value| {
        let mut asked = server.client.post(&url).json(&body);
        if let Some(secret) = secret {
            asked = asked.bearer_auth(secret);
        }
        let answer = asked.send().await.unwrap();
        (answer.status(), answer.json::<Value>().await.unwrap())
    };
    let (status, _) = ask(None, json!({"role": "planner"})).await;
    assert_eq!(status, StatusCode::CONFLICT, "nobody could make another");
    for wrong in [
        json!({"role": "king"}),
        json!({"role": "admin", "name": " "}),
        json!({"role": "admin", "expires_at": "2020-01-01T00:00:00Z"}),
        json!({"role": "admin", "colour": "red"}),
    ] {
        assert_eq!(
            ask(None, wrong.clone()).await.0,
            StatusCode::BAD_REQUEST,
            "{wrong}"
        );
    }
    let (status, first) = ask(None, json!({"role": "admin"})).await;
    assert_eq!(status, StatusCode::OK, "{first}");
    let admin = first["secret"].as_str().unwrap();
    // It counts at once.
    assert_eq!(server.problem("/v1/keys").await.0, StatusCode::UNAUTHORIZED);

    let wanted = json!({"role": "integrator", "name": "gate", "feeds": ["noise"]});
    let (_, made) = ask(Some(admin), wanted).await;
    let secret = made["secret"].as_str().unwrap();
    assert_eq!(
        get(&server, secret, "/v1/freshness").await.0,
        StatusCode::OK
    );
    assert_eq!(
        get(&server, secret, "/v1/keys").await.0,
        StatusCode::FORBIDDEN
    );
    let (_, listed) = get(&server, admin, "/v1/keys").await;
    assert_eq!(listed["keys"].as_array().unwrap().len(), 2);
    assert_eq!(listed["keys"][1]["feeds"], json!(["noise"]));
    assert!(!listed.to_string().contains(secret));

    let id = &made["key"]["id"];
    let gone = server.client.delete(format!("{url}/{id}"));
    let answer = gone.bearer_auth(admin).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(
        get(&server, secret, "/v1/freshness").await.0,
        StatusCode::UNAUTHORIZED
    );
    let gone = server.client.delete(format!("{url}/99"));
    assert_eq!(
        gone.bearer_auth(admin).send().await.unwrap().status(),
        StatusCode::NOT_FOUND
    );
}
