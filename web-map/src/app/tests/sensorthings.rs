use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::TestServer;
use crate::config::Config;

const ROOT: &str = "/sta/v1.1";

pub(super) async fn get(server: &TestServer, path: &str) -> Value {
    server.json(&format!("{ROOT}/{path}")).await
}

async fn send(
    server: &TestServer,
    method: Method,
    path: &str,
    body: &Value,
) -> (StatusCode, Value) {
    let response = server
        .client
        .request(method, format!("{}{ROOT}/{path}", server.url))
        .json(body)
        .send()
        .await
        .unwrap();
    let status = response.status();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

pub(super) async fn post(server: &TestServer, path: &str, body: &Value) -> Value {
    let (status, answer) = send(server, Method::POST, path, body).await;
    assert_eq!(status, StatusCode::CREATED, "{path} {body}: {answer}");
    answer
}

pub(super) fn kitchen() -> Value {
    let stream = |name: &str| {
        json!({
            "name": name,
            "description": "by the window",
            "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
            "unitOfMeasurement": {"name": "Degree Celsius", "symbol": "°C", "definition": "ucum:Cel"},
            "Sensor": {"name": "HDT22", "description": "cheap", "encodingType": "application/pdf", "metadata": "x"},
            "ObservedProperty": {"name": name, "description": name, "definition": "http://example.org/t"},
            "Observations": [
                {"phenomenonTime": "2026-05-04T00:00:00Z", "result": 20},
                {"phenomenonTime": "2026-05-04T01:00:00Z", "result": 21.5},
            ],
        })
    };
    json!({
        "name": "Kitchen",
        "description": "The kitchen",
        "properties": {"oven": true, "heatingPlates": 4},
        "Locations": [{
            "name": "here", "description": "here", "encodingType": "application/geo+json",
            "location": {"type": "Point", "coordinates": [116.4, 39.9]},
        }],
        "Datastreams": [stream("Temperature"), stream("Dew point")],
    })
}

fn results(answer: &Value) -> Vec<Value> {
    answer["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["result"].clone())
        .collect()
}

#[tokio::test]
async fn a_thing_with_all_that_is_nested_in_it_is_made_at_once() {
    let server = TestServer::start().await;
    let landing = server.json(ROOT).await;
    assert_eq!(landing["value"].as_array().unwrap().len(), 8);
    let thing = post(&server, "Things", &kitchen()).await;
    let own = thing["@iot.selfLink"].as_str().unwrap();
    assert_eq!(
        own,
        format!("{}{ROOT}/Things({})", server.url, thing["@iot.id"])
    );
    assert_eq!(thing["properties"]["heatingPlates"], 4);
    let found = get(
        &server,
        "Things?$expand=Locations($select=location),Datastreams($expand=ObservedProperty($select=name),Observations($top=1;$orderby=phenomenonTime%20desc;$select=result,FeatureOfInterest);$select=name;$orderby=name)",
    )
    .await;
    let thing = &found["value"][0];
    assert_eq!(
        thing["Locations"][0],
        json!({"location": {"type": "Point", "coordinates": [116.4, 39.9]}})
    );
    let streams = thing["Datastreams"].as_array().unwrap();
    assert_eq!(streams.len(), 2);
    assert_eq!(streams[0]["name"], "Dew point");
    assert_eq!(streams[0]["ObservedProperty"], json!({"name": "Dew point"}));
    assert_eq!(streams[0]["Observations"][0]["result"], 21.5);
    assert!(streams[0]["Observations@iot.nextLink"].is_string());
    // Observations are at the place of their thing, and count like any others.
    let feature = get(
        &server,
        "Datastreams(1)/Observations?$expand=FeatureOfInterest",
    )
    .await;
    assert_eq!(
        feature["value"][0]["FeatureOfInterest"]["feature"]["coordinates"],
        json!([116.4, 39.9])
    );
    let stream = get(&server, "Datastreams(1)").await;
    assert_eq!(
        stream["phenomenonTime"],
        "2026-05-04T00:00:00.000Z/2026-05-04T01:00:00.000Z"
    );
    let told = server
        .post_json("/v1/sql", &json!({"sql": "SELECT count(*) AS n, max(unit) AS unit FROM observations WHERE lon = 116.4"}))
        .await;
    assert_eq!(told["rows"][0], json!({"n": 4, "unit": "Cel"}));
}

#[tokio::test]
async fn a_nested_insert_that_is_wrong_somewhere_leaves_nothing() {
    let server = TestServer::start().await;
    for (path, wrong) in [
        ("/Datastreams/1/Sensor", Value::Null),
        ("/Datastreams/1/unitOfMeasurement", json!({"symbol": "x"})),
        (
            "/Datastreams/0/Observations/1/phenomenonTime",
            json!("yesterday"),
        ),
        ("/Locations/0/encodingType", Value::Null),
        ("/Datastreams/0/Sensor", json!({"@iot.id": 99})),
    ] {
        let mut body = kitchen();
        *body.pointer_mut(path).unwrap() = wrong;
        let (status, answer) = send(&server, Method::POST, "Things", &body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}");
        assert_eq!(answer["code"], 400);
        for set in [
            "Things",
            "Datastreams",
            "HistoricalLocations",
            "Observations",
        ] {
            let left = get(&server, &format!("{set}?$count=true")).await;
            assert_eq!(left["@iot.count"], 0, "{path} {set}");
        }
    }
}

#[tokio::test]
async fn pages_of_observations_follow_their_next_links_to_the_end() {
    let server = TestServer::start().await;
    post(&server, "Things", &kitchen()).await;
    let rows: Vec<Value> = (0..250)
        .map(|minute| {
            json!([
                format!("2026-05-05T{:02}:{:02}:00Z", minute / 60, minute % 60),
                minute
            ])
        })
        .collect();
    let body = json!([{
        "Datastream": {"@iot.id": 1}, "components": ["phenomenonTime", "result"],
        "dataArray@iot.count": 250, "dataArray": rows,
    }]);
    let links = post(&server, "CreateObservations", &body).await;
    assert_eq!(links.as_array().unwrap().len(), 250);
    let one = links[7]
        .as_str()
        .unwrap()
        .strip_prefix(&server.url)
        .unwrap();
    assert_eq!(server.json(one).await["result"], 7);
    assert_eq!(
        server.json(&format!("{one}/Datastream/Thing")).await["name"],
        "Kitchen"
    );
    for (query, total) in [
        ("Observations?$top=37&$count=true", 254),
        ("Datastreams(1)/Observations?$top=100", 252),
        (
            "Datastreams(1)/Observations?$orderby=phenomenonTime%20desc&$top=60",
            252,
        ),
        ("Observations?$filter=result%20ge%20100&$top=40", 150),
        ("Observations?$orderby=result%20desc&$top=90", 254),
        (
            "Observations?$filter=result%20mod%207%20eq%200%20and%20month(phenomenonTime)%20eq%205&$top=10",
            36,
        ),
    ] {
        let (mut next, mut seen) = (Some(format!("{}{ROOT}/{query}", server.url)), Vec::new());
        while let Some(url) = next {
            let page: Value = server
                .client
                .get(&url)
                .send()
                .await
                .unwrap()
                .json()
                .await
                .unwrap();
            seen.extend(
                page["value"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|row| row["@iot.id"].to_string()),
            );
            next = page["@iot.nextLink"].as_str().map(str::to_owned);
        }
        let told = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!((told, seen.len()), (total, total), "{query}");
    }
    let skipped = get(&server, "Datastreams(1)/Observations?$skip=100&$top=1").await;
    assert_eq!(results(&skipped), [json!(98)]);
    let count = server
        .response(&format!(
            "{ROOT}/Observations/$count?$filter=result%20lt%2010"
        ))
        .await;
    assert_eq!(count.text().await.unwrap(), "10");
    // The same rows again are the same observations, and a wrong one stands alone.
    let mut again = body.clone();
    again[0]["dataArray"][3][0] = json!("2010-12-23T10:20:00-0700Z");
    let links = post(&server, "CreateObservations", &again).await;
    assert_eq!(links[3], "error");
    assert_eq!(
        get(&server, "Observations?$count=true&$top=0").await["@iot.count"],
        254
    );
    let buckets = get(&server, "Datastreams(1)/Observations?$bucket=PT1H&$agg=mean,max,count&$filter=phenomenonTime%20ge%202026-05-05T00:00:00Z").await;
    assert_eq!(buckets["value"].as_array().unwrap().len(), 5);
    assert_eq!(buckets["value"][0]["mean"], 29.5);
    assert_eq!(
        (&buckets["value"][1]["max"], &buckets["value"][4]["count"]),
        (&json!(119.0), &json!(10.0))
    );
    let rows = get(
        &server,
        "Datastreams(1)/Observations?$resultFormat=dataArray&$top=2&$select=phenomenonTime,result",
    )
    .await;
    assert_eq!(
        rows["value"][0]["dataArray"][1],
        json!(["2026-05-04T01:00:00.000Z", 21.5])
    );
}

#[tokio::test]
async fn what_is_no_number_or_no_instant_comes_back_as_it_was_sent() {
    let server = TestServer::start().await;
    post(&server, "Things", &kitchen()).await;
    for (minute, result) in [json!("wet"), json!(true), json!({"a": [1]}), json!(1e3)]
        .into_iter()
        .enumerate()
    {
        let sent = json!({
            "phenomenonTime": format!("2026-06-01T00:{minute:02}:00.000Z/2026-06-01T02:00:00.000Z"),
            "result": result, "resultQuality": "High", "parameters": {"lowVoltage": true},
            "validTime": "2026-06-01T00:00:00Z/2026-06-02T00:00:00Z",
        });
        let made = post(&server, "Datastreams(1)/Observations", &sent).await;
        for name in [
            "result",
            "resultQuality",
            "parameters",
            "validTime",
            "phenomenonTime",
        ] {
            let same = made[name] == sent[name]
                || made[name].as_f64() == sent[name].as_f64() && made[name].is_number();
            assert!(same, "{name}: {} is not {}", made[name], sent[name]);
        }
    }
    for (filter, count) in [
        ("result eq 'wet'", 1),
        ("result eq true", 1),
        ("result ne 20", 6),
        ("not (result gt 100)", 7),
        ("parameters/lowVoltage eq true", 4),
        ("phenomenonTime gt 2026-06-01T00:01:00Z", 2),
        ("phenomenonTime lt 2026-06-01T01:00:00Z", 4),
        (
            "during(phenomenonTime, 2026-06-01T00:00:00Z/2026-06-01T02:00:00Z)",
            4,
        ),
        (
            "resultQuality eq 'High' and Datastream/Thing/properties/heatingPlates eq 4",
            4,
        ),
        ("Datastream/ObservedProperty/name eq 'Dew point'", 2),
        (
            "st_within(FeatureOfInterest/feature, geography'POLYGON((116 39, 117 39, 117 40, 116 40, 116 39))')",
            8,
        ),
        ("FeatureOfInterest/id eq 1", 8),
        (
            "startswith(Datastream/name, 'Temp') and result in (20, 21.5)",
            2,
        ),
    ] {
        let path = format!(
            "Observations?$count=true&$filter={}",
            crate::sta::escaped(filter)
        );
        let found = get(&server, &path).await;
        assert_eq!(
            (
                &found["@iot.count"],
                found["value"].as_array().unwrap().len()
            ),
            (&json!(count), count),
            "{filter}"
        );
    }
}

#[tokio::test]
async fn a_moving_things_observations_are_where_it_was_at_their_time() {
    let server = TestServer::start().await;
    post(&server, "Things", &kitchen()).await;
    let place = json!({
        "name": "there", "description": "there", "encodingType": "application/geo+json",
        "location": {"type": "Point", "coordinates": [116.5, 39.8]},
    });
    post(&server, "Things(1)/Locations", &place).await;
    assert_eq!(
        get(&server, "Things(1)/Locations").await["value"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        get(&server, "Things(1)/HistoricalLocations").await["value"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let at = |observation: &Value| {
        observation["FeatureOfInterest@iot.navigationLink"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let now = post(
        &server,
        "Datastreams(1)/Observations",
        &json!({"result": 5}),
    )
    .await;
    let then = post(
        &server,
        "Datastreams(1)/Observations",
        &json!({"result": 6, "phenomenonTime": "2020-05-06T00:00:00Z"}),
    )
    .await;
    for (observation, lon) in [(now, 116.5), (then, 116.4)] {
        let link = at(&observation);
        let feature = server.json(link.strip_prefix(&server.url).unwrap()).await;
        assert_eq!(feature["feature"]["coordinates"][0], lon);
    }
}

#[tokio::test]
async fn entities_change_and_go_with_what_hangs_on_them() {
    let server = TestServer::start().await;
    post(&server, "Things", &kitchen()).await;
    let (status, thing) = send(
        &server,
        Method::PATCH,
        "Things(1)",
        &json!({"name": "Cellar"}),
    )
    .await;
    assert_eq!(
        (status, &thing["name"], &thing["description"]),
        (StatusCode::OK, &json!("Cellar"), &json!("The kitchen"))
    );
    let (status, thing) = send(
        &server,
        Method::PUT,
        "Things(1)",
        &json!({"name": "Attic", "description": "up"}),
    )
    .await;
    assert_eq!((status, thing.get("properties")), (StatusCode::OK, None));
    let value = server
        .response(&format!("{ROOT}/Things(1)/name/$value"))
        .await;
    assert_eq!(value.text().await.unwrap(), "Attic");
    assert_eq!(
        get(&server, "Things(1)/name").await,
        json!({"name": "Attic"})
    );
    let links = get(&server, "Things(1)/Datastreams/$ref").await;
    assert_eq!(
        links["value"][0],
        json!({"@iot.selfLink": format!("{}{ROOT}/Datastreams(1)", server.url)})
    );
    let first = get(&server, "Datastreams(1)/Observations?$top=1").await["value"][0].clone();
    let path = first["@iot.selfLink"]
        .as_str()
        .unwrap()
        .split("/v1.1/")
        .nth(1)
        .unwrap()
        .to_owned();
    let (status, corrected) = send(&server, Method::PATCH, &path, &json!({"result": 19})).await;
    assert_eq!(
        (status, &corrected["result"], &corrected["@iot.id"]),
        (StatusCode::OK, &json!(19), &first["@iot.id"])
    );
    let (status, _) = send(&server, Method::DELETE, &path, &Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        server.response(&format!("{ROOT}/{path}")).await.status(),
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        results(&get(&server, "Datastreams(1)/Observations").await),
        [json!(21.5)]
    );
    let (status, _) = send(&server, Method::DELETE, "Things(1)", &Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    for (set, left) in [
        ("Things", 0),
        ("Datastreams", 0),
        ("Observations", 0),
        ("HistoricalLocations", 0),
        ("Sensors", 2),
        ("Locations", 1),
    ] {
        let found = get(&server, set).await;
        assert_eq!(found["value"].as_array().unwrap().len(), left, "{set}");
    }
}

#[tokio::test]
async fn datastreams_of_other_feeds_are_there_too_and_all_stays_over_a_restart() {
    let server = TestServer::start().await;
    post(&server, "Things", &kitchen()).await;
    let row = |minute: usize| {
        json!({
            "datastream": "roof/PM10", "sensor": "roof", "property": "PM10", "unit": "ug/m3",
            "phenomenon_time": format!("2026-05-04T00:{minute:02}:00Z"), "result": minute, "lon": 116.41, "lat": 39.91,
        })
    };
    server
        .post_json("/v1/observations", &json!([row(1), row(2)]))
        .await;
    let path = "Datastreams?$filter=name%20eq%20'roof/PM10'&$expand=Thing($expand=Locations),Observations,ObservedProperty";
    let before = get(&server, path).await;
    let stream = &before["value"][0];
    assert_eq!(stream["Thing"]["name"], "roof");
    assert_eq!(
        stream["Thing"]["Locations"][0]["location"]["coordinates"],
        json!([116.41, 39.91])
    );
    assert_eq!(stream["Observations"].as_array().unwrap().len(), 2);
    let feature = stream["Observations"][0]["FeatureOfInterest@iot.navigationLink"]
        .as_str()
        .unwrap();
    let feature = server
        .json(feature.strip_prefix(&server.url).unwrap())
        .await;
    assert_eq!(feature["feature"]["coordinates"], json!([116.41, 39.91]));
    let ids = |page: &Value| {
        page["value"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["@iot.id"].clone())
            .collect::<Vec<_>>()
    };
    let known = ids(&get(&server, "Observations").await);
    let dir = server.stop().await;
    let server = TestServer::on(dir, Config::default()).await;
    assert_eq!(ids(&get(&server, "Observations").await), known);
    assert_eq!(known.len(), 6);
}

#[tokio::test]
async fn a_batch_uses_what_it_made_and_mistakes_are_told() {
    let server = TestServer::start().await;
    let batch = json!({"requests": [
        {"id": "t", "method": "post", "url": "Things", "body": {"name": "a", "description": "b"}},
        {"id": "l", "method": "patch", "url": "$t", "body": {"description": "c"}},
        {"id": "g", "method": "get", "url": "Things?$filter=name%20eq%20'a'&$select=description"},
        {"id": "w", "method": "get", "url": "Nothings"},
    ]});
    let answer = server.post_json(&format!("{ROOT}/$batch"), &batch).await;
    let statuses: Vec<_> = answer["responses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["status"].clone())
        .collect();
    assert_eq!(statuses, [json!(201), json!(200), json!(200), json!(404)]);
    assert_eq!(
        answer["responses"][2]["body"]["value"],
        json!([{"description": "c"}])
    );
    for (path, status) in [
        ("Things?$filter=name%20eq", 400),
        ("Things?$filter=shout(name)", 400),
        ("Things?$top=x", 400),
        ("Things?$nothing=1", 400),
        ("Things?$expand=Sensors", 400),
        ("Things(99)", 404),
        ("Things('x", 400),
        ("Observations('7-1')", 404),
        ("Observations?$skiptoken=x", 400),
    ] {
        let response = server.response(&format!("{ROOT}/{path}")).await;
        assert_eq!(response.status(), status, "{path}");
        let told: Value = response.json().await.unwrap();
        assert!(
            told["message"]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_batch_of_parts_is_answered_part_by_part() {
    let server = TestServer::start().await;
    let body = "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n\
                --c\r\nContent-Type: application/http\r\nContent-ID: 1\r\n\r\nPOST Things HTTP/1.1\r\nContent-Type: application/json\r\n\r\n\
                {\"name\": \"one\", \"description\": \"one\"}\r\n\
                --c\r\nContent-Type: application/http\r\nContent-ID: 2\r\n\r\nPATCH $1 HTTP/1.1\r\n\r\n{\"name\": \"two\"}\r\n--c--\r\n\
                --b\r\nContent-Type: application/http\r\n\r\nGET /sta/v1.1/Things?$select=name HTTP/1.1\r\n\r\n\r\n\
                --b\r\nContent-Type: application/http\r\n\r\nGET Things(99) HTTP/1.1\r\n\r\n\r\n--b--\r\n";
    let answer = server
        .post(&format!("{ROOT}/$batch"))
        .header("content-type", "multipart/mixed; boundary=b")
        .body(body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let kind = answer.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(kind.starts_with("multipart/mixed; boundary="), "{kind}");
    let text = answer.text().await.unwrap();
    let statuses: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3))
        .collect();
    assert_eq!(statuses, ["201", "200", "200", "404"], "{text}");
    assert!(
        text.contains("Location: http") && text.contains(r#"{"name":"two"}"#),
        "{text}"
    );
    let broken = server
        .post(&format!("{ROOT}/$batch"))
        .header("content-type", "multipart/mixed; boundary=b")
        .body("--b\r\n")
        .send()
        .await
        .unwrap();
    assert_eq!(broken.status(), StatusCode::BAD_REQUEST);
}
