//! What a running server answers over HTTP: the busiest cells and weeks in SQL, and tiles with values.
//!
//! `CITYBRAIN_URL` names the server; `load.py` beside this file makes its city and complaints from the peers' data.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use h3o::CellIndex;
use reqwest::blocking::Client;
use serde_json::{Value, json};

/// The category, half a year and box that all contenders are asked for.
const CATEGORY_AND_TIME: &str = "category = 'cat02-heating' AND requested_at >= '2023-03-01T00:00:00Z' AND requested_at < '2023-09-01T00:00:00Z'";
const BOX: &str = "lat BETWEEN 39.80 AND 40.10 AND lon BETWEEN 116.20 AND 116.60";

pub(crate) struct Served {
    url: String,
    client: Client,
}

impl Served {
    pub(crate) fn find() -> Result<Self> {
        let url = std::env::var("CITYBRAIN_URL").context("CITYBRAIN_URL names no server")?;
        let client = Client::builder().timeout(None).build()?;
        Ok(Self { url, client })
    }

    /// t3: the 100 cells and weeks with the most complaints.
    pub(crate) fn busiest(&self, args: &Value) -> Result<Value> {
        let cell = match args["stored"].as_bool() {
            Some(false) => "h3_latlng_to_cell(lat, lon, 9)",
            _ => "cell",
        };
        let condition = match args["wide"].as_bool() {
            Some(true) => BOX.to_owned(),
            _ => format!("{CATEGORY_AND_TIME} AND {BOX}"),
        };
        let sql = format!(
            "SELECT {cell} AS c, date_trunc('week', requested_at) AS w, count(*) AS n FROM complaints WHERE {condition} \
             GROUP BY ALL ORDER BY n DESC, c, w LIMIT 100"
        );
        let answer = self
            .client
            .post(format!("{}/v1/sql", self.url))
            .json(&json!({ "sql": sql }))
            .send()?;
        let status = answer.status();
        let answer: Value = answer.json()?;
        ensure!(status.is_success(), "{status}: {answer}");
        let rows = answer["rows"].as_array().context("no rows")?;
        let mut sum = 0;
        let mut top = Vec::new();
        for row in rows {
            let count = row["n"].as_u64().context("no count")?;
            sum += count;
            if top.len() < 2 {
                let cell: CellIndex = row["c"].as_str().context("no cell")?.parse()?;
                let week = row["w"].as_str().and_then(|week| week.get(..10));
                top.push(json!([u64::from(cell), week.context("no week")?, count]));
            }
        }
        Ok(json!({ "rows": rows.len(), "sum": sum, "top": top }))
    }

    /// t7: one heat tile after another, milliseconds and bytes of each.
    pub(crate) fn tiles(&self, args: &Value) -> Result<Value> {
        ensure!(
            args["kind"] == "h3",
            "not capable: tiles of single complaints"
        );
        let month = match args["where"].as_str() {
            Some("") | None => "",
            Some(_) => "?from=2024-06-01&to=2024-06-30",
        };
        let (mut millis, mut bytes) = (Vec::new(), 0);
        for tile in args["tiles"].as_array().context("no tiles")? {
            let path = format!("/tiles/heat/{}/{}/{}{month}", tile[0], tile[1], tile[2]);
            let begin = Instant::now();
            let answer = self.client.get(format!("{}{path}", self.url)).send()?;
            ensure!(answer.status().is_success(), "{path}: {}", answer.status());
            bytes += answer.bytes()?.len();
            millis.push(begin.elapsed().as_secs_f64() * 1e3);
        }
        Ok(json!({ "lat_ms": millis, "bytes": bytes }))
    }
}
