use std::ops::ControlFlow;

use chrono::TimeZone as _;
use citybrain_model::LocationQuality;
use rstest::rstest;

use super::*;
use crate::rows::{Format, read_bytes};

mod sources;
fn context() -> Context {
    Context {
        source: None,
        city_zone: chrono_tz::Asia::Shanghai,
        received_at: Utc.with_ymd_and_hms(2026, 11, 23, 12, 0, 0).unwrap(),
        place_names: None,
    }
}

/// What a text in this format becomes by a profile.
fn decoded(profile: &Arc<Profile>, text: &str, format: Format) -> Decoded {
    let mut reader = Decoder::new(Arc::clone(profile), &context());
    let mut decoded = Decoded::empty(profile.record);
    read_bytes(text.as_bytes(), format, &profile.shape(), &mut |chunk| {
        decoded.extend(reader.chunk(&chunk).unwrap());
        ControlFlow::Continue(())
    })
    .unwrap();
    decoded
}

fn shipped(name: &str) -> Arc<Profile> {
    Profile::load(name).unwrap()
}

fn with(text: &str) -> Arc<Profile> {
    Arc::new(Profile::parse("test", text).unwrap())
}

fn complaints(decoded: &Decoded) -> &[Complaint] {
    assert_eq!(decoded.refused, []);
    let Batch::Complaints(complaints) = &decoded.batch else {
        panic!("complaints are expected")
    };
    complaints
}

fn observations(decoded: &Decoded) -> &[Observation] {
    let Batch::Observations(observations) = &decoded.batch else {
        panic!("observations are expected")
    };
    observations
}

fn one(profile: &str, csv: &str) -> Complaint {
    let decoded = decoded(&shipped(profile), csv, Format::Csv);
    let [complaint] = complaints(&decoded) else {
        panic!("one complaint is expected")
    };
    complaint.clone()
}

fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

fn refused(profile: &Arc<Profile>, csv: &str) -> Refused {
    let decoded = decoded(profile, csv, Format::Csv);
    let [refused] = &decoded.refused[..] else {
        panic!("one row is refused")
    };
    refused.clone()
}

#[rstest]
#[case::no_id(",2011-07-01 01:32:33,1,2", "case_enquiry_id", "required")]
#[case::no_time("1,,1,2", "open_dt", "required")]
#[case::bad_time("1,yesterday,1,2", "open_dt", "time")]
#[case::impossible_time("1,2011-02-30 00:00:00,1,2", "open_dt", "time")]
#[case::year_far_away("1,9999-12-31 00:00:00,1,2", "open_dt", "time")]
#[case::bad_number("1,2011-07-01 01:32:33,east,2", "longitude", "number")]
#[case::grouped_number("1,2011-07-01 01:32:33,\"1,5\",2", "longitude", "number")]
#[case::not_on_the_globe("1,2011-07-01 01:32:33,181,2", "longitude", "range")]
#[case::half_a_position("1,2011-07-01 01:32:33,1,", "latitude", "required")]
fn a_row_that_breaks_a_rule_names_the_column(
    #[case] row: &str,
    #[case] column: &str,
    #[case] rule: &str,
) {
    let refused = refused(
        &shipped("boston-311"),
        &format!("case_enquiry_id,open_dt,longitude,latitude\n{row}\n"),
    );
    assert_eq!(
        (&*refused.refusal.field, &*refused.refusal.rule),
        (column, rule)
    );
    assert_eq!(
        (
            refused.source.as_str(),
            refused.profile.as_str(),
            refused.index
        ),
        ("boston-311", "boston-311", 0)
    );
}

#[test]
fn a_value_outside_a_complete_map_is_refused() {
    let profile = with(
        "title = \"t\"\nrecord = \"complaint\"\nzone = \"city\"\n[fields]\nid = \"id\"\nrequested_at = \"at\"\nstatus = { column = \"s\", map = { A = \"open\" }, other = \"refuse\" }\n",
    );
    let decoded = decoded(
        &profile,
        "id,at,s\n1,2024-01-01 00:00:00,a\n2,2024-01-01 00:00:00,b\n",
        Format::Csv,
    );
    assert_eq!(decoded.batch.len(), 1);
    assert_eq!(&*decoded.refused[0].refusal.rule, "vocabulary");
}

#[test]
fn the_raw_text_of_a_refused_row_has_no_personal_data() {
    let csv = "工单编号,来电人,来电人电话/账号,主要内容,来电时间\n2024090112,张三,13900000000,我的电话13812345678,昨天\n";
    let row = refused(&shipped("cn-12345"), csv);
    let raw: serde_json::Value = serde_json::from_str(&row.raw).unwrap();
    let expected = serde_json::json!({"工单编号": "2024090112", "主要内容": "我的电话***", "来电时间": "昨天"});
    assert_eq!(raw, expected);

    let ragged = refused(&shipped("cn-12345"), "工单编号,来电人,来电时间\n1,张三\n");
    assert_eq!(ragged.raw, r#"["***","***"]"#);
    let ragged = refused(
        &shipped("boston-311"),
        "case_enquiry_id,open_dt\n1,call 617-555-1234,x\n",
    );
    assert_eq!(ragged.raw, r#"["1","call ***","x"]"#);

    let broken = decoded(
        &shipped("citybrain"),
        "{\"id\":\"1\",\"caller\":\"张三\"\n{\"id\":1, x@y.org\n",
        Format::Ndjson,
    );
    let raws: Vec<&str> = broken
        .refused
        .iter()
        .map(|refused| refused.raw.as_str())
        .collect();
    assert_eq!(raws, ["***", "{\"id\":1, ***"]);
}

#[test]
fn an_id_may_be_joined_or_made_from_the_row() {
    let profile = |id: &str| {
        with(&format!(
            "title = \"t\"\nrecord = \"complaint\"\nzone = \"city\"\n[fields]\nrequested_at = \"at\"\nid = {id}\n"
        ))
    };
    let ids = |id: &str, rows: &str| -> Vec<String> {
        let decoded = decoded(&profile(id), &format!("at,a,b\n{rows}"), Format::Csv);
        complaints(&decoded)
            .iter()
            .map(|made| made.id.clone())
            .collect()
    };
    let rows = "2024-01-01 00:00:00,ab,c\n2024-01-01 00:00:00,a,bc\n2024-01-01 00:00:00,ab,d\n";
    assert_eq!(
        ids("{ join = [\"a\", \"b\"], with = \"-\" }", rows),
        ["ab-c", "a-bc", "ab-d"]
    );
    let all = ids("{ hash = [] }", rows);
    assert!(
        all[0] != all[1] && all[1] != all[2] && all[0] != all[2],
        "{all:?}"
    );
    assert!(all.iter().all(|id| id.len() == 32));
    assert_eq!(
        all,
        ids("{ hash = [] }", rows),
        "the same row has the same id"
    );
    let one = ids("{ hash = [\"a\"] }", rows);
    assert!(one[0] == one[2] && one[0] != one[1]);
}

#[test]
fn positions_are_converted_from_the_feeds_system() {
    let text = |crs: &str, swap: bool| {
        with(&format!(
            "title = \"t\"\nrecord = \"complaint\"\nzone = \"city\"\nposition = {{ crs = \"{crs}\", swap = {swap} }}\n[fields]\nid = \"id\"\nrequested_at = \"at\"\nlon = \"x\"\nlat = \"y\"\n"
        ))
    };
    let wgs84 = (116.4, 39.9);
    for (crs, system) in [
        ("wgs84", citybrain_grid::Crs::Wgs84),
        ("gcj02", citybrain_grid::Crs::Gcj02),
        ("bd09", citybrain_grid::Crs::Bd09),
    ] {
        let (x, y) = system.from_wgs84(wgs84.0, wgs84.1);
        for (swap, (x, y)) in [(false, (x, y)), (true, (y, x))] {
            let csv = format!("id,at,x,y\n1,2024-01-01 00:00:00,{x},{y}\n");
            let decoded = decoded(&text(crs, swap), &csv, Format::Csv);
            let position = complaints(&decoded)[0].position.unwrap();
            assert!(
                (position.lon() - wgs84.0).abs() < 1e-8 && (position.lat() - wgs84.1).abs() < 1e-8,
                "{crs}"
            );
        }
    }
}

#[test]
fn a_header_without_a_column_that_every_record_needs_is_told_with_what_is_there() {
    let profile = shipped("boston-311");
    let mut reader = Decoder::new(Arc::clone(&profile), &context());
    let mut problem = None;
    read_bytes(
        b"id,open_dt\n1,2\n",
        Format::Csv,
        &profile.shape(),
        &mut |chunk| {
            problem = reader.chunk(&chunk).err();
            ControlFlow::Break(())
        },
    )
    .unwrap();
    let message = problem.unwrap().to_string();
    assert_eq!(
        message,
        "has no column \"case_enquiry_id\"; its columns are id, open_dt"
    );
}

#[test]
fn fields_by_their_own_names_are_all_taken() {
    let csv = "id,source,channel,kind,category,category_path,requested_at,dispatched_at,due_at,closed_at,status,urgency,agency,lon,lat,address,district,subdistrict,community,contacted,resolved,satisfaction,repeat_of,tags,text,caller,location_quality
1,s,phone,complaint,0307,a->b,2024-01-01T00:00:00Z,2024-01-02T00:00:00Z,2024-01-03T00:00:00Z,2024-01-04T00:00:00Z,closed,urgent,ag,116.5,39.9,addr,d,sd,c,true,resolved,satisfied,0,x;y,text,Zhang,default\n";
    let made = one("citybrain", csv);
    // What no column holds: a place found by names.
    let found = "location_radius_m: None, areas: [None, None, None, None], ";
    let told = format!("{made:?}").replace(found, "");
    assert!(!told.contains("None") && !told.contains("Zhang"), "{told}");
    assert_eq!(made.location_quality, LocationQuality::Default);
    assert_eq!(
        (made.category.as_deref(), made.tags.as_slice()),
        (Some("0307"), &["x".to_owned(), "y".to_owned()][..])
    );
}
