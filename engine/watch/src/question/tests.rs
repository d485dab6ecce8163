use std::sync::Arc;

use arrow_array::new_null_array;
use arrow_array::{Float64Array, Int64Array, TimestampMicrosecondArray};
use citybrain_store::{Table, rows_schema};
use h3o::{LatLng, Resolution};

use super::*;

/// One complaint as far as questions look at it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    pub(crate) requested_at: i64,
    pub(crate) at: Option<(f64, f64)>,
    pub(crate) category: Option<&'static str>,
    pub(crate) path: Option<&'static str>,
    pub(crate) channel: Option<&'static str>,
    pub(crate) status: Option<&'static str>,
    pub(crate) urgency: Option<&'static str>,
    pub(crate) district: Option<&'static str>,
}

impl Row {
    pub(crate) fn base_cell(&self) -> Option<CellIndex> {
        let (lon, lat) = self.at?;
        Some(LatLng::new(lat, lon).unwrap().to_cell(Resolution::Ten))
    }
}

/// The rows as the store publishes them; base resolution 10.
pub(crate) fn batch(rows: &[Row]) -> RecordBatch {
    let texts = |of: &dyn Fn(&Row) -> Option<&'static str>| {
        Arc::new(rows.iter().map(of).collect::<StringArray>()) as ArrayRef
    };
    let schema = rows_schema(Table::Complaints);
    let columns = schema
        .fields()
        .iter()
        .map(|field| match field.name().as_str() {
            "requested_at" | "received_at" => {
                let instants = rows
                    .iter()
                    .map(|row| Some(row.requested_at))
                    .collect::<TimestampMicrosecondArray>();
                Arc::new(instants.with_timezone("UTC")) as ArrayRef
            }
            "lon" => Arc::new(
                rows.iter()
                    .map(|row| row.at.map(|at| at.0))
                    .collect::<Float64Array>(),
            ),
            "lat" => Arc::new(
                rows.iter()
                    .map(|row| row.at.map(|at| at.1))
                    .collect::<Float64Array>(),
            ),
            "cell" => {
                let cells = rows
                    .iter()
                    .map(|row| row.base_cell().map(|cell| u64::from(cell).cast_signed()));
                Arc::new(cells.collect::<Int64Array>())
            }
            "category" => texts(&|row| row.category),
            "category_path" => texts(&|row| row.path),
            "channel" => texts(&|row| row.channel),
            "status" => texts(&|row| row.status),
            "urgency" => texts(&|row| row.urgency),
            "district" => texts(&|row| row.district),
            "id" | "source" | "location_quality" => texts(&|_| Some("x")),
            "row_id" => Arc::new(Int64Array::from(vec![0; rows.len()])),
            "month" => Arc::new(arrow_array::Int32Array::from(vec![0; rows.len()])),
            _ => new_null_array(field.data_type(), rows.len()),
        });
    RecordBatch::try_new(Arc::clone(&schema), columns.collect()).unwrap()
}

fn selected(question: &Question, row: Row) -> bool {
    question.select(&batch(&[row]))[0]
}

#[test]
fn the_default_question_is_about_every_complaint() {
    assert!(selected(&Question::default(), Row::default()));
}

#[test]
fn from_is_included_and_to_is_not() {
    let question = Question {
        from: Some(10),
        to: Some(20),
        ..Question::default()
    };
    let at = |requested_at| {
        selected(
            &question,
            Row {
                requested_at,
                ..Row::default()
            },
        )
    };
    assert_eq!([9, 10, 19, 20].map(at), [false, true, true, false]);
}

#[test]
fn a_category_is_met_by_its_name_its_path_and_what_lies_below_it() {
    let question = Question {
        categories: vec!["noise".into(), "water->leak".into()],
        ..Question::default()
    };
    let row = |category, path| {
        selected(
            &question,
            Row {
                category,
                path,
                ..Row::default()
            },
        )
    };
    assert!(row(Some("noise"), Some("city->noise")));
    assert!(row(Some("night"), Some("noise->night")));
    assert!(row(Some("leak"), Some("water->leak")));
    assert!(row(Some("drip"), Some("water->leak->drip")));
    assert!(!row(Some("night"), Some("noisey->night")));
    assert!(!row(Some("water"), Some("water")));
    assert!(!row(None, None));
}

#[test]
fn channel_status_and_urgency_must_be_one_of_those_asked_for() {
    let question = Question {
        channels: vec!["app".into(), "web".into()],
        statuses: vec!["open".into()],
        urgencies: vec!["urgent".into()],
        ..Question::default()
    };
    let row = |channel, status, urgency| {
        selected(
            &question,
            Row {
                channel,
                status,
                urgency,
                ..Row::default()
            },
        )
    };
    let urgent = Some("urgent");
    assert!(row(Some("web"), Some("open"), urgent));
    assert!(!row(Some("web"), Some("closed"), urgent));
    assert!(!row(None, Some("open"), urgent));
    assert!(!row(Some("web"), Some("open"), Some("ordinary")));
    assert!(!row(Some("web"), Some("open"), None));
}

#[test]
fn a_box_holds_its_borders_and_no_complaint_without_position() {
    let question = Question {
        bbox: Some([116.0, 39.0, 117.0, 40.0]),
        ..Question::default()
    };
    let row = |at| {
        selected(
            &question,
            Row {
                at,
                ..Row::default()
            },
        )
    };
    assert!(row(Some((116.0, 40.0))));
    assert!(!row(Some((115.999, 40.0))));
    assert!(!row(Some((116.5, 40.001))));
    assert!(!row(None));
}

#[test]
fn an_area_and_a_cell_hold_what_lies_in_them() {
    let at = (116.4, 39.9);
    let base = LatLng::new(at.1, at.0).unwrap();
    let row = Row {
        at: Some(at),
        district: Some("d1"),
        ..Row::default()
    };
    let area = |id: &str| Question {
        area: Some((AreaLevel::District, id.into())),
        ..Question::default()
    };
    assert!(selected(&area("d1"), row.clone()));
    assert!(!selected(&area("d2"), row.clone()));
    assert!(!selected(&area("d1"), Row::default()));
    for resolution in [Resolution::Five, Resolution::Ten] {
        let question = Question {
            cell: Some(base.to_cell(resolution)),
            ..Question::default()
        };
        assert!(selected(&question, row.clone()), "{resolution}");
        assert!(
            !selected(
                &question,
                Row {
                    at: Some((110.0, 39.9)),
                    ..Row::default()
                }
            ),
            "{resolution}"
        );
        assert!(!selected(&question, Row::default()), "{resolution}");
    }
}

#[test]
fn hours_of_the_week_are_those_of_the_citys_clock() {
    let question = Question {
        week: Some(("1:7-9".parse().unwrap(), chrono_tz::Asia::Shanghai)),
        ..Question::default()
    };
    // Monday 2026-11-30 in Shanghai begins on Sunday at 16:00 UTC.
    for (text, expected) in [
        ("2026-11-29T22:59:59Z", false),
        ("2026-11-29T23:00:00Z", true),
        ("2026-11-30T01:59:59Z", true),
        ("2026-11-30T02:00:00Z", false),
        ("2026-12-01T00:00:00Z", false),
    ] {
        let row = Row {
            requested_at: DateTime::parse_from_rfc3339(text)
                .unwrap()
                .timestamp_micros(),
            ..Row::default()
        };
        assert_eq!(selected(&question, row), expected, "{text}");
    }
}
