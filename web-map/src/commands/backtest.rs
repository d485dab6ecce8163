//! `citybrain backtest`: how good the forecasts of the last weeks would have been.

use std::io::Write;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use citybrain_query::{Analysis, Filter, Limits, Session};
use serde_json::{Map, Value};

use super::{Failure, init};
use crate::format::Format;
use crate::terminal;

/// Make the forecasts of past weeks again, each from what was known then, and compare them with what came
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// State directory
    #[arg(long, value_name = "DIR")]
    state_dir: PathBuf,
    /// One series for each of these and each category: district, subdistrict, community, grid or cell
    #[arg(long, value_name = "PLACE")]
    by: Option<String>,
    /// Only this category (several times: any of them)
    #[arg(long, value_name = "CATEGORY")]
    category: Vec<String>,
    /// hour, day, week or month
    #[arg(long, default_value = "day")]
    step: String,
    /// Slices ahead of each origin; 7 days unless said
    #[arg(long, value_name = "SLICES")]
    horizon: Option<u32>,
    /// Origins: the last ORIGINS × HORIZON slices are held out
    #[arg(long, default_value_t = 8)]
    origins: u32,
    /// Places that are acted on, those with the highest forecasts
    #[arg(long, default_value_t = 10)]
    places: u32,
    /// `smoothed` or `seasonal_naive`
    #[arg(long)]
    method: Option<String>,
    /// Probability of the intervals
    #[arg(long, default_value_t = 0.9)]
    level: f64,
    /// Fewest records of a series
    #[arg(long, value_name = "RECORDS")]
    minimum_count: Option<u32>,
    /// The summary as JSON, with the rows of all series
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    terminal::log("error");
    let snapshot = init::snapshot_of(&args.state_dir)?;
    let city = Arc::clone(&snapshot.city);
    let limits = Limits {
        memory_bytes: 4 << 30,
        timeout: Duration::from_hours(1),
        rows: 1 << 40,
        partitions: std::thread::available_parallelism().map_or(2, NonZero::get),
    };
    let analysis = Analysis::named("backtest").expect("the backtest is an analysis");
    let filter = Filter {
        categories: args.category.clone(),
        ..Filter::default()
    };
    let runtime = tokio::runtime::Runtime::new()?;
    let session = Session::new(snapshot, limits);
    let found = runtime.block_on(session.analysis(analysis, &filter, &args.arguments()))?;
    terminal::print(|out| {
        if !args.json {
            return told(&found.parameters, found.answer.rows(), out).map_err(Failure::from);
        }
        let mut rows = Vec::new();
        Format::Json.write(&found.answer, &city, &mut rows)?;
        let rows: Value = serde_json::from_slice(&rows).map_err(std::io::Error::from)?;
        let all =
            serde_json::json!({"parameters": found.parameters, "sql": found.sql, "rows": rows});
        Ok(writeln!(out, "{all}")?)
    })
}

impl Args {
    /// The arguments of the table function.
    fn arguments(&self) -> Vec<(String, String)> {
        let number = |number: Option<u32>| number.map(|number| number.to_string());
        [
            ("by", self.by.clone()),
            ("step", Some(self.step.clone())),
            ("horizon", number(self.horizon)),
            ("origins", Some(self.origins.to_string())),
            ("places", Some(self.places.to_string())),
            ("method", self.method.clone()),
            ("level", Some(self.level.to_string())),
            ("minimum_count", number(self.minimum_count)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
    }
}

/// The summary for a reader.
fn told(
    parameters: &Map<String, Value>,
    series: usize,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let number = |name: &str| parameters.get(name).and_then(Value::as_f64);
    let text = |name: &str| {
        let value = parameters.get(name).cloned().unwrap_or_default();
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    writeln!(
        out,
        "{series} series by {} and category, {} origins of {} {}s",
        text("by"),
        text("origins"),
        text("horizon"),
        text("step"),
    )?;
    let shown = |name: &str| number(name).map_or_else(|| "-".to_owned(), |x| format!("{x:.3}"));
    for (words, value) in [
        ("mean absolute error".to_owned(), shown("mae")),
        (
            "of the seasonal naive forecast".to_owned(),
            shown("naive_mae"),
        ),
        ("root of the mean squared error".to_owned(), shown("rmse")),
        (
            "of the seasonal naive forecast".to_owned(),
            shown("naive_rmse"),
        ),
        (
            format!("counts within their {} interval", text("level")),
            shown("coverage"),
        ),
        (
            format!(
                "hit rate of the {} places with the highest forecasts",
                text("places")
            ),
            shown("hit_rate"),
        ),
        (
            format!("PAI@{} (hit rate ÷ share of the area)", text("places")),
            shown("pai"),
        ),
        (
            "hit rate ÷ the best that as many places could have".to_owned(),
            shown("efficiency"),
        ),
    ] {
        writeln!(out, "{words:<60}{value:>10}")?;
    }
    Ok(())
}
