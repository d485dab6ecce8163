//! `GET /v1/hotspots` and the other analyses: the table functions of SQL over the complaints of a filter.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use citybrain_grid::City;
use citybrain_query::{Analysed, Analysis};
use serde_json::{Map, Value, json};

use crate::error::HttpError;
use crate::format::{Format, FormatError, write_geojson, write_json_rows};
use crate::http::filter::FilterParams;
use crate::http::gate::Caller;
use crate::http::params::Params;
use crate::problem::Problem;
use crate::schema;
use crate::state::AppState;

/// How good forecasts would have been: made again from origins in the past and compared with what came.
///
/// Besides the filter, the arguments of the SQL table function `backtest` are parameters: `by`, `step`, `horizon`, `level`, `method`, `minimum_count`, `origins`, `places`.
#[utoipa::path(
    get, path = "/v1/backtest", tag = "analyses",
    params(
        FilterParams,
        ("format" = Option<schema::AnalysisFormat>, Query, description = "`json` by default"),
    ),
    responses((status = 200, body = schema::Analysis), (status = 400, body = Problem), (status = 422, body = Problem)),
)]
pub(crate) async fn backtest(
    state: State<Arc<AppState>>,
    caller: Caller,
    params: Params,
) -> Result<Response, HttpError> {
    answer(state, &caller, params, "backtest").await
}

/// Where complaints of one place and category are suddenly more than before.
///
/// Besides the filter, the arguments of the SQL table function `bursts` are parameters: `by` (`cell` or a level), `method` (`ears`, `farrington`), `statistic` (`c1`, `c2`, `c3`), `baseline`, `minimum_sigma`, `minimum_count`, `alpha`, `weekdays`, `years`, `last`, `all`.
#[utoipa::path(
    get, path = "/v1/bursts", tag = "analyses",
    params(
        FilterParams,
        ("format" = Option<schema::AnalysisFormat>, Query, description = "`json` by default"),
    ),
    responses((status = 200, body = schema::Analysis), (status = 400, body = Problem), (status = 422, body = Problem)),
)]
pub(crate) async fn bursts(
    state: State<Arc<AppState>>,
    caller: Caller,
    params: Params,
) -> Result<Response, HttpError> {
    answer(state, &caller, params, "bursts").await
}

/// Where and since when there are more complaints than chance explains: a space-time scan.
///
/// Besides the filter, the arguments of the SQL table function `clusters` are parameters: `by`, `model` (`permutation`, `poisson`), `span` (`prospective`, `retrospective`, `spatial`), `step`, `longest`, `maximum_share`, `radius_km`, `k`, `minimum_count`, `weekdays`, `replicates`, `seed`, `clusters`.
#[utoipa::path(
    get, path = "/v1/clusters", tag = "analyses",
    params(
        FilterParams,
        ("format" = Option<schema::AnalysisFormat>, Query, description = "`json` by default"),
    ),
    responses((status = 200, body = schema::Analysis), (status = 400, body = Problem), (status = 422, body = Problem)),
)]
pub(crate) async fn clusters(
    state: State<Arc<AppState>>,
    caller: Caller,
    params: Params,
) -> Result<Response, HttpError> {
    answer(state, &caller, params, "clusters").await
}

/// How each cell of the city came to be hot or cold: seventeen classes.
///
/// Besides the filter, the arguments of the SQL table function `emerging_hotspots` are parameters: `resolution`, `k`,
/// `previous_slices`, `step` (`day`, `week`, `month`), `definition` (`current`, `classic`), `minimum_slices`, `correction`.
#[utoipa::path(
    get, path = "/v1/emerging-hotspots", tag = "analyses",
    params(
        FilterParams,
        ("format" = Option<schema::AnalysisFormat>, Query, description = "`json` by default"),
    ),
    responses((status = 200, body = schema::Analysis), (status = 400, body = Problem), (status = 422, body = Problem)),
)]
pub(crate) async fn emerging_hotspots(
    state: State<Arc<AppState>>,
    caller: Caller,
    params: Params,
) -> Result<Response, HttpError> {
    answer(state, &caller, params, "emerging_hotspots").await
}

/// How many complaints of each place and category are expected in the coming days.
///
/// Besides the filter, the arguments of the SQL table function `forecast` are parameters: `by`, `step` (`hour`, `day`, `week`, `month`), `horizon`, `level`, `method` (`smoothed`, `seasonal_naive`), `minimum_count`.
#[utoipa::path(
    get, path = "/v1/forecast", tag = "analyses",
    params(
        FilterParams,
        ("format" = Option<schema::AnalysisFormat>, Query, description = "`json` by default"),
    ),
    responses((status = 200, body = schema::Analysis), (status = 400, body = Problem), (status = 422, body = Problem)),
)]
pub(crate) async fn forecast(
    state: State<Arc<AppState>>,
    caller: Caller,
    params: Params,
) -> Result<Response, HttpError> {
    answer(state, &caller, params, "forecast").await
}

/// Does the map have any pattern: the global I of Moran.
///
/// Besides the filter, the arguments of the SQL table function `global_moran` are parameters: `resolution` (chosen from the data by default), `k`, `measure` (`count`, `per_km2`, `per_10k`), `weights` (`row_standardised`, `binary`), `permutations`, `seed`.
#[utoipa::path(
    get, path = "/v1/global-moran", tag = "analyses",
    params(
        FilterParams,
        ("format" = Option<schema::AnalysisFormat>, Query, description = "`json` by default"),
    ),
    responses((status = 200, body = schema::Analysis), (status = 400, body = Problem), (status = 422, body = Problem)),
)]
pub(crate) async fn global_moran(
    state: State<Arc<AppState>>,
    caller: Caller,
    params: Params,
) -> Result<Response, HttpError> {
    answer(state, &caller, params, "global_moran").await
}

/// Where there are more, or fewer, complaints than elsewhere: Gi* of every cell of the city, in slices of time with a `step`.
///
/// Besides the filter, the arguments of the SQL table function `hotspots` are parameters: `resolution` (chosen from the data by default), `k`, `measure` (`count`, `per_km2`, `per_10k`), `correction` (`fdr`, `raw`), `step` (`hour`, `day`, `week`, `month`), `previous_slices`, `window` (`cube`, `neighbourhood`, `slice`), `last`.
#[utoipa::path(
    get, path = "/v1/hotspots", tag = "analyses",
    params(
        FilterParams,
        ("format" = Option<schema::AnalysisFormat>, Query, description = "`json` by default"),
    ),
    responses((status = 200, body = schema::Analysis), (status = 400, body = Problem), (status = 422, body = Problem)),
)]
pub(crate) async fn hotspots(
    state: State<Arc<AppState>>,
    caller: Caller,
    params: Params,
) -> Result<Response, HttpError> {
    answer(state, &caller, params, "hotspots").await
}

/// Which sensors rise before the complaints of the same place do, by how many hours, and from which value a warning pays.
///
/// Besides the filter, the arguments of the SQL table function `leading_sensors` are parameters: `by`, `longest_lag`, `alpha`, `minimum_count`, `tolerance`, `training`, `all`.
#[utoipa::path(
    get, path = "/v1/leading-sensors", tag = "analyses",
    params(
        FilterParams,
        ("format" = Option<schema::AnalysisFormat>, Query, description = "`json` by default"),
    ),
    responses((status = 200, body = schema::Analysis), (status = 400, body = Problem), (status = 422, body = Problem)),
)]
pub(crate) async fn leading_sensors(
    state: State<Arc<AppState>>,
    caller: Caller,
    params: Params,
) -> Result<Response, HttpError> {
    answer(state, &caller, params, "leading_sensors").await
}

/// Which cells are like those around them and which stand out: the local I of Moran, in five classes.
///
/// Besides the filter, the arguments of the SQL table function `local_moran` are parameters: `resolution` (chosen from the data by default), `k`, `measure` (`count`, `per_km2`, `per_10k`), `permutations`, `alpha`, `correction` (`fdr`, `raw`), `seed`.
#[utoipa::path(
    get, path = "/v1/local-moran", tag = "analyses",
    params(
        FilterParams,
        ("format" = Option<schema::AnalysisFormat>, Query, description = "`json` by default"),
    ),
    responses((status = 200, body = schema::Analysis), (status = 400, body = Problem), (status = 422, body = Problem)),
)]
pub(crate) async fn local_moran(
    state: State<Arc<AppState>>,
    caller: Caller,
    params: Params,
) -> Result<Response, HttpError> {
    answer(state, &caller, params, "local_moran").await
}

/// What comes back, when in its cycle, and when it is next expected.
///
/// Besides the filter, the arguments of the SQL table function `periodic_issues` are parameters: `by`, `step` (`hour`, `day`, `month`), `alpha`, `minimum_count`, `minimum_ratio`, `level`, `search`, `reference`, `language` (`en`, `zh`).
#[utoipa::path(
    get, path = "/v1/periodic-issues", tag = "analyses",
    params(
        FilterParams,
        ("format" = Option<schema::AnalysisFormat>, Query, description = "`json` by default"),
    ),
    responses((status = 200, body = schema::Analysis), (status = 400, body = Problem), (status = 422, body = Problem)),
)]
pub(crate) async fn periodic_issues(
    state: State<Arc<AppState>>,
    caller: Caller,
    params: Params,
) -> Result<Response, HttpError> {
    answer(state, &caller, params, "periodic_issues").await
}

/// Runs the analysis with the parameters that are its arguments; the others are the filter's.
async fn answer(
    State(state): State<Arc<AppState>>,
    caller: &Caller,
    mut params: Params,
    function: &'static str,
) -> Result<Response, HttpError> {
    let analysis = Analysis::named(function)
        .ok_or_else(|| HttpError::internal(format!("no analysis {function}")))?;
    let format = match params.text("format")? {
        None => Format::Json,
        Some(word) => Format::named(&word).ok_or_else(|| {
            let rule =
                format!("\"{word}\" is not one of json, geojson, csv, arrow, parquet, geoparquet");
            HttpError::parameter("format", rule)
        })?,
    };
    let mut arguments = Vec::new();
    // The filter's span of time is the analysis' too.
    for name in analysis
        .arguments()
        .iter()
        .filter(|name| !["from", "to", "sensors"].contains(name))
    {
        if let Some(value) = params.text(name)? {
            arguments.push(((*name).to_owned(), value));
        }
    }
    let filter = state.filter(params)?;
    let found = state
        .engine
        .ask_sql(caller.role())
        .await
        .analysis(analysis, &filter, &arguments)
        .await?;
    let city = Arc::clone(state.engine.city());
    tokio::task::spawn_blocking(move || written(format, &found, &city))
        .await
        .map_err(HttpError::internal)?
        .map_err(HttpError::internal)
}

fn written(format: Format, found: &Analysed, city: &City) -> Result<Response, FormatError> {
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_TYPE, format.media_type()),
    ];
    let mut out = Vec::new();
    match format {
        Format::Json => {
            let head = serde_json::to_vec(&head(found)).map_err(std::io::Error::from)?;
            out.extend_from_slice(head.strip_suffix(b"}").unwrap_or(&head));
            out.extend_from_slice(b",\"rows\":");
            write_json_rows(&found.answer, &mut out)?;
            out.push(b'}');
        }
        Format::Geojson => write_geojson(&found.answer, city, &head(found), &mut out)?,
        _ => format.write(&found.answer, city, &mut out)?,
    }
    Ok((headers, out).into_response())
}

/// What is told about the rows.
fn head(found: &Analysed) -> Map<String, Value> {
    let mut head = Map::new();
    head.insert("seq".to_owned(), json!(found.seq));
    head.insert("boundary_version".to_owned(), json!(found.boundary_version));
    head.insert(
        "parameters".to_owned(),
        Value::Object(found.parameters.clone()),
    );
    head.insert("sql".to_owned(), json!(found.sql));
    head.insert("truncated".to_owned(), json!(found.answer.truncated));
    head
}
