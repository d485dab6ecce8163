//! The query options of a request, and those within `$expand`.

use std::fmt::Write as _;

use citybrain_model::EntityKind;

use super::time::parse_duration;
use super::{Expression, ODataError, parse_expression};

/// What a request asks of a set or of one entity.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options {
    /// `$filter`.
    pub filter: Option<Expression>,
    /// `$orderby`.
    pub order: Vec<OrderBy>,
    /// `$select`: paths; empty for everything.
    pub select: Vec<Vec<String>>,
    /// `$expand`.
    pub expand: Vec<Expand>,
    /// `$top`.
    pub top: Option<usize>,
    /// `$skip`.
    pub skip: usize,
    /// `$count`.
    pub count: bool,
    /// `$skiptoken`: where the page before ended, as its `@iot.nextLink` says.
    pub after: Option<String>,
    /// `$resultFormat`.
    pub format: ResultFormat,
    /// `$bucket`: observations are summed up by this length of time, in µs.
    pub bucket: Option<i64>,
    /// `$agg`: how.
    pub aggregates: Vec<Aggregate>,
}

/// One part of `$orderby`.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderBy {
    /// By what.
    pub by: Expression,
    /// The largest first.
    pub descending: bool,
}

/// One part of `$expand`.
#[derive(Debug, Clone, PartialEq)]
pub struct Expand {
    /// The way to go.
    pub way: String,
    /// What is asked of the entities there.
    pub options: Options,
    /// The same as a query string, for the address of the next page.
    pub query: String,
}

/// In which form a set is answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ResultFormat {
    /// Objects.
    #[default]
    Entities,
    /// Rows of values by datastream.
    DataArray,
    /// A `FeatureCollection`.
    GeoJson,
    /// Comma-separated values.
    Csv,
}

/// How the results of a bucket become one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the word that stands in the address")]
pub enum Aggregate {
    Mean,
    Min,
    Max,
    Sum,
    Count,
    First,
    Last,
    StdDev,
    Median,
}

impl Aggregate {
    const ALL: [(&'static str, Self); 9] = [
        ("mean", Self::Mean),
        ("min", Self::Min),
        ("max", Self::Max),
        ("sum", Self::Sum),
        ("count", Self::Count),
        ("first", Self::First),
        ("last", Self::Last),
        ("stddev", Self::StdDev),
        ("median", Self::Median),
    ];

    /// The word.
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, aggregate)| *aggregate == self)
            .map_or("mean", |(word, _)| word)
    }
}

/// How deep `$expand` may go.
const EXPAND_DEPTH_MAX: usize = 8;
/// How many ways one `$expand` may name.
const EXPAND_WAYS_MAX: usize = 32;

impl Options {
    /// Reads a query string, as it stands in the address, for entities of `kind`. Parameters without a dollar sign are not ours.
    ///
    /// # Errors
    /// The first option that cannot be read.
    pub fn parse(kind: EntityKind, query: &str) -> Result<Self, ODataError> {
        let mut options = Self::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decoded(name), decoded(value));
            if name.starts_with('$') {
                options.take(kind, &name, &value, 0)?;
            } else if matches!(
                name.as_str(),
                "resultFormat"
                    | "filter"
                    | "expand"
                    | "select"
                    | "orderby"
                    | "top"
                    | "skip"
                    | "count"
            ) {
                // OData 4.01 lets the dollar sign go.
                options.take(kind, &format!("${name}"), &value, 0)?;
            }
        }
        if options.bucket.is_none() && !options.aggregates.is_empty() {
            return Err(value_error(
                "$agg",
                "",
                "needs $bucket, for example $bucket=PT1H",
            ));
        }
        Ok(options)
    }

    fn take(
        &mut self,
        kind: EntityKind,
        name: &str,
        value: &str,
        depth: usize,
    ) -> Result<(), ODataError> {
        let value = value.trim();
        match name {
            "$filter" => self.filter = Some(parse_expression("$filter", value)?),
            "$orderby" => {
                self.order = split(value, ',')
                    .into_iter()
                    .map(order_by)
                    .collect::<Result<_, _>>()?;
            }
            "$select" => {
                self.select = split(value, ',')
                    .into_iter()
                    .map(|path| select(kind, path.trim()))
                    .collect::<Result<_, _>>()?;
                self.select.retain(|path| path != &["*"]);
            }
            "$expand" => {
                for item in split(value, ',') {
                    let item = expand(kind, item.trim(), depth + 1)?;
                    merge(&mut self.expand, item);
                }
                if self.expand.len() > EXPAND_WAYS_MAX {
                    return Err(value_error("$expand", value, "names too many ways"));
                }
            }
            "$top" => self.top = Some(number("$top", value)?),
            "$skip" => self.skip = number("$skip", value)?,
            "$count" => {
                self.count = match value {
                    "true" => true,
                    "false" => false,
                    _ => return Err(value_error("$count", value, "must be true or false")),
                };
            }
            "$skiptoken" => self.after = Some(value.to_owned()),
            "$resultFormat" => {
                self.format = match value.to_ascii_lowercase().as_str() {
                    "dataarray" => ResultFormat::DataArray,
                    "geojson" => ResultFormat::GeoJson,
                    "csv" => ResultFormat::Csv,
                    "" | "json" => ResultFormat::Entities,
                    _ => {
                        return Err(value_error(
                            "$resultFormat",
                            value,
                            "must be dataArray, GeoJSON, CSV or JSON",
                        ));
                    }
                };
            }
            "$format" if value == "json" || value.starts_with("application/json") => {}
            "$format" => return Err(value_error("$format", value, "must be json")),
            "$bucket" if kind == EntityKind::Observation => {
                let micros = parse_duration(value).filter(|micros| *micros >= 1_000_000);
                self.bucket = Some(micros.ok_or_else(|| {
                    value_error(
                        "$bucket",
                        value,
                        "must be a duration of at least a second, for example PT1H",
                    )
                })?);
            }
            "$agg" if kind == EntityKind::Observation => {
                self.aggregates = value
                    .split(',')
                    .map(|word| {
                        Aggregate::ALL
                            .iter()
                            .find(|(known, _)| *known == word.trim())
                            .map(|(_, aggregate)| *aggregate)
                            .ok_or_else(|| value_error("$agg", word, "must be mean, min, max, sum, count, first, last, stddev or median"))
                    })
                    .collect::<Result<_, _>>()?;
            }
            _ => return Err(ODataError::UnknownOption(name.to_owned())),
        }
        Ok(())
    }
}

fn order_by(text: &str) -> Result<OrderBy, ODataError> {
    let text = text.trim();
    // Clients of others write them large.
    let (by, descending) = match text.rsplit_once(char::is_whitespace) {
        Some((by, word)) if word.eq_ignore_ascii_case("desc") => (by, true),
        Some((by, word)) if word.eq_ignore_ascii_case("asc") => (by, false),
        _ => (text, false),
    };
    Ok(OrderBy {
        by: parse_expression("$orderby", by)?,
        descending,
    })
}

fn select(kind: EntityKind, path: &str) -> Result<Vec<String>, ODataError> {
    let parts: Vec<String> = path.split('/').map(str::to_owned).collect();
    let first = parts.first().map_or("", String::as_str);
    let known = matches!(first, "*" | "id" | "@iot.id" | "@iot.selfLink")
        || kind.properties().contains(&first)
        || kind.navigation(first).is_some();
    if known {
        Ok(parts)
    } else {
        Err(value_error(
            "$select",
            path,
            "is no property of these entities",
        ))
    }
}

/// `Datastreams/Observations($top=1;$orderby=phenomenonTime desc)`.
fn expand(kind: EntityKind, text: &str, depth: usize) -> Result<Expand, ODataError> {
    if depth > EXPAND_DEPTH_MAX {
        return Err(ODataError::Depth {
            option: "$expand",
            max: EXPAND_DEPTH_MAX,
        });
    }
    let (path, inner) = match text.split_once('(') {
        None => (text, None),
        Some((path, rest)) => {
            let inner = rest
                .strip_suffix(')')
                .ok_or_else(|| value_error("$expand", text, "a bracket is not closed"))?;
            (path, Some(inner))
        }
    };
    let (way, rest) = match path.split_once('/') {
        None => (path.trim(), None),
        Some((way, rest)) => (way.trim(), Some(rest)),
    };
    let Some(navigation) = kind.navigation(way) else {
        return Err(value_error("$expand", way, "is no way from these entities"));
    };
    let mut options = Options::default();
    let mut query = String::new();
    match (rest, inner) {
        (Some(rest), inner) => {
            let rest = match inner {
                None => rest.to_owned(),
                Some(inner) => format!("{rest}({inner})"),
            };
            query = format!("$expand={}", escaped(&rest));
            options
                .expand
                .push(expand(navigation.to, &rest, depth + 1)?);
        }
        (None, Some(inner)) => {
            for option in split(inner, ';') {
                let option = option.trim();
                if option.is_empty() {
                    continue;
                }
                let (name, value) = option.split_once('=').ok_or_else(|| {
                    value_error("$expand", option, "must be an option such as $top=1")
                })?;
                options.take(navigation.to, name.trim(), value, depth)?;
                if !matches!(name.trim(), "$skip" | "$skiptoken") {
                    let and = if query.is_empty() { "" } else { "&" };
                    query = format!("{query}{and}{}={}", name.trim(), escaped(value));
                }
            }
        }
        (None, None) => {}
    }
    Ok(Expand {
        way: way.to_owned(),
        options,
        query,
    })
}

/// `$expand=Thing,Thing/Locations` goes one way once.
fn merge(all: &mut Vec<Expand>, item: Expand) {
    let Some(known) = all.iter_mut().find(|known| known.way == item.way) else {
        all.push(item);
        return;
    };
    if known.options == Options::default() {
        known.options = item.options;
        known.query = item.query;
        return;
    }
    for inner in item.options.expand {
        merge(&mut known.options.expand, inner);
    }
}

fn number(option: &'static str, value: &str) -> Result<usize, ODataError> {
    value
        .parse()
        .map_err(|_error| value_error(option, value, "must be a whole number, 0 or more"))
}

fn value_error(option: &'static str, value: &str, rule: &'static str) -> ODataError {
    ODataError::Value {
        option,
        value: value.to_owned(),
        rule,
    }
}

/// Cuts at each `separator` that stands in no bracket and no text.
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut start, mut depth, mut quoted) = (Vec::new(), 0, 0_i32, false);
    for (at, c) in text.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            c if c == separator && depth == 0 && !quoted => {
                parts.push(text.get(start..at).unwrap_or_default());
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}

/// A value as it stands in a query string.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~$,()/'=:;".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _written = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// A part of a query string with its escapes undone; what is no UTF-8 becomes the replacement character.
pub(super) fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = |at: usize| {
            let digit = char::from(*bytes.get(at)?).to_digit(16)?;
            u8::try_from(digit).ok()
        };
        match byte {
            b'+' => out.push(b' '),
            b'%' => match (hex(at + 1), hex(at + 2)) {
                (Some(high), Some(low)) => {
                    out.push(high * 16 + low);
                    at += 2;
                }
                _ => out.push(byte),
            },
            byte => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}
