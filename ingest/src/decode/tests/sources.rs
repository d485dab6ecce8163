//! The quirks of each shipped source, on rows made by hand.

use citybrain_model::Quality;
use rstest::rstest;

use super::*;

const BOSTON: &str = "case_enquiry_id,open_dt,target_dt,closed_dt,case_status,subject,reason,type,neighborhood,ward,precinct,location_street_name,location_zipcode,latitude,longitude,source";

fn boston(profile: &str, row: &str) -> Complaint {
    one(profile, &format!("{BOSTON}\n{row}\n"))
}

#[test]
fn a_boston_row_becomes_a_complaint() {
    let made = boston(
        "boston-311",
        "101000295613,2011-07-01 01:32:33,2011-07-15 01:32:32,2011-07-01 05:06:58,Closed,Public Works Department,Street Lights,Street Light Outages,Greater Mattapan,Ward 17,1714,39 Lorraine St,2131.0,42.2715,-71.0772,Self Service",
    );
    assert_eq!(
        (made.source.as_str(), made.id.as_str()),
        ("boston-311", "101000295613")
    );
    assert_eq!(rfc3339(made.requested_at), "2011-07-01T05:32:33Z");
    assert_eq!(
        made.due_at.map(rfc3339).as_deref(),
        Some("2011-07-15T05:32:32Z")
    );
    assert_eq!(
        made.closed_at.map(rfc3339).as_deref(),
        Some("2011-07-01T09:06:58Z")
    );
    assert_eq!(made.category.as_deref(), Some("Street Light Outages"));
    assert_eq!(
        made.category_path.as_deref(),
        Some("Street Lights->Street Light Outages")
    );
    assert_eq!(made.status.as_deref(), Some("closed"));
    assert_eq!(made.channel.as_deref(), Some("web"));
    assert_eq!(made.agency.as_deref(), Some("Public Works Department"));
    assert_eq!(made.address.as_deref(), Some("39 Lorraine St, 02131"));
    assert_eq!(
        made.declared,
        ["Greater Mattapan", "17", "1714"].map(|name| Some(name.to_owned()))
    );
    let position = made.position.unwrap();
    assert_eq!((position.lon(), position.lat()), (-71.0772, 42.2715));
    assert_eq!(made.location_quality, LocationQuality::Point);
}

#[rstest]
#[case::city_hall("42.3594,-71.0587", LocationQuality::Default)]
#[case::city_hall_with_more_digits("42.3594000001,-71.05870000", LocationQuality::Default)]
#[case::next_to_city_hall("42.3595,-71.0587", LocationQuality::Point)]
#[case::null_island("0,0", LocationQuality::Default)]
#[case::none(",", LocationQuality::None)]
#[case::blank(" , ", LocationQuality::None)]
fn the_default_position_of_boston_is_no_place(
    #[case] position: &str,
    #[case] expected: LocationQuality,
) {
    let row = format!("1,2011-07-01 01:32:33,,,Open,,,x,,,,,,{position},");
    assert_eq!(boston("boston-311", &row).location_quality, expected);
}

#[rstest]
#[case("Ward 17", Some("17"))]
#[case("Ward 3", Some("03"))]
#[case("05", Some("05"))]
#[case("5", Some("05"))]
#[case(" ", None)]
#[case("", None)]
fn the_ways_to_write_a_ward_are_one(#[case] ward: &str, #[case] expected: Option<&str>) {
    let row = format!("1,2011-07-01 01:32:33,,,Open,,,x,,{ward},,,,,,");
    assert_eq!(boston("boston-311", &row).declared[1].as_deref(), expected);
}

#[rstest]
#[case("2121.0", "02121")]
#[case("02121", "02121")]
#[case("02121-1234", "02121-1234")]
#[case("12345.0", "12345")]
#[case("2121.5", "2121.5")]
#[case("x.0", "x.0")]
fn a_zip_that_became_a_float_gets_its_zero_back(#[case] zip: &str, #[case] expected: &str) {
    let row = format!("1,2011-07-01 01:32:33,,,Open,,,x,,,,,{zip},,,");
    assert_eq!(
        boston("boston-311", &row).address.as_deref(),
        Some(expected)
    );
}

/// The oracle is how the clock went wrong: local time taken for UTC and converted to local time.
#[rstest]
#[case::winter(2013, 1, 15, 14)]
#[case::summer(2013, 7, 15, 14)]
#[case::night(2014, 2, 3, 1)]
#[case::before_the_change_in_spring(2015, 3, 7, 23)]
#[case::after_the_change_in_spring(2015, 3, 8, 12)]
#[case::after_the_change_in_autumn(2015, 11, 2, 12)]
fn the_wrong_clock_of_boston_is_put_right(
    #[case] year: i32,
    #[case] month: u32,
    #[case] day: u32,
    #[case] hour: u32,
) {
    let zone = chrono_tz::America::New_York;
    let right = chrono::NaiveDate::from_ymd_opt(year, month, day)
        .unwrap()
        .and_hms_opt(hour, 30, 0)
        .unwrap();
    let written = zone.from_utc_datetime(&right).naive_local();
    let row = format!("1,{written},,,Open,,,x,,,,,,,,");
    let made = boston("boston-311-2013-2019", &row);
    assert_eq!(made.requested_at.with_timezone(&zone).naive_local(), right);
}

#[rstest]
#[case::ordinary("2024-07-01 12:00:00", "2024-07-01T16:00:00Z", None)]
#[case::twice_is_the_earlier(
    "2024-11-03 01:30:00",
    "2024-11-03T05:30:00Z",
    Some("local_time_twice")
)]
#[case::skipped_moves_forward(
    "2024-03-10 02:30:00",
    "2024-03-10T07:30:00Z",
    Some("local_time_missing")
)]
#[case::day_without_time("2024-07-01", "2024-07-01T04:00:00Z", None)]
#[case::iso_with_offset("2024-07-01T12:00:00+08:00", "2024-07-01T04:00:00Z", None)]
#[case::iso_without("2024-07-01T12:00:00.5", "2024-07-01T16:00:00Z", None)]
fn a_local_time_becomes_an_instant(
    #[case] time: &str,
    #[case] expected: &str,
    #[case] note: Option<&str>,
) {
    let decoded = decoded(
        &shipped("nyc-311-export"),
        &format!("unique_key,created_date\n1,{time}\n"),
        Format::Csv,
    );
    assert_eq!(rfc3339(complaints(&decoded)[0].requested_at), expected);
    for what in ["local_time_twice", "local_time_missing"] {
        assert_eq!(decoded.notes.get(what), u64::from(note == Some(what)));
    }
}

#[test]
fn a_skipped_local_time_is_moved_by_the_gap_in_any_zone() {
    // Lord Howe moves by half an hour, Samoa skipped 30 December 2011.
    for (zone, skipped, expected) in [
        (
            "Australia/Lord_Howe",
            "2024-10-06 02:15:00",
            "2024-10-06 02:45:00",
        ),
        ("Pacific/Apia", "2011-12-30 12:00:00", "2011-12-31 12:00:00"),
        (
            "Europe/Berlin",
            "2024-03-31 02:00:00",
            "2024-03-31 03:00:00",
        ),
    ] {
        let profile = with(&format!(
            "title = \"t\"\nrecord = \"complaint\"\nzone = \"{zone}\"\n[fields]\nid = \"id\"\nrequested_at = \"at\"\n"
        ));
        let made = decoded(&profile, &format!("id,at\n1,{skipped}\n"), Format::Csv);
        let zone: Tz = zone.parse().unwrap();
        let local = complaints(&made)[0]
            .requested_at
            .with_timezone(&zone)
            .naive_local();
        assert_eq!(local.to_string(), expected, "{zone}");
    }
}

#[test]
fn a_new_york_row_becomes_a_complaint() {
    let header = "Unique Key,Created Date,Closed Date,Agency,Agency Name,Complaint Type,Descriptor,Incident Zip,Incident Address,City,Status,Due Date,Community Board,Borough,Open Data Channel Type,Latitude,Longitude,Location,Surprise";
    let row = "62291042,09/01/2024 12:00:00 AM,09/01/2024 12:20:58 PM,NYPD,Police,PLUMBING,N/A,11413.0,135-41 223 STREET,Unspecified,In Progress,,0 Unspecified,QUEENS,UNKNOWN,40.6753906302629,-73.7479476008308,\"(40.67, -73.74)\",x";
    let decoded = decoded(
        &shipped("nyc-311"),
        &format!("{header}\n{row}\n"),
        Format::Csv,
    );
    let made = &complaints(&decoded)[0];
    assert_eq!(rfc3339(made.requested_at), "2024-09-01T04:00:00Z");
    assert_eq!(
        made.closed_at.map(rfc3339).as_deref(),
        Some("2024-09-01T16:20:58Z")
    );
    assert_eq!(made.category_path.as_deref(), Some("Plumbing"));
    assert_eq!(made.address.as_deref(), Some("135-41 223 STREET, 11413"));
    assert_eq!(made.declared, [Some("QUEENS".to_owned()), None, None]);
    assert_eq!(made.status.as_deref(), Some("in_progress"));
    assert_eq!(made.channel, None);
    assert_eq!(
        decoded.notes.columns_left_out().collect::<Vec<_>>(),
        ["Surprise"]
    );
}

#[rstest]
#[case("13 QUEENS", Some("13 QUEENS"))]
#[case("0 Unspecified", None)]
#[case("Unspecified BRONX", None)]
#[case("Unspecified", None)]
fn an_unspecified_community_board_is_none(#[case] board: &str, #[case] expected: Option<&str>) {
    let made = one(
        "nyc-311",
        &format!("unique_key,created_date,community_board\n1,07/06/2024 11:59:56 PM,{board}\n"),
    );
    assert_eq!(made.declared[1].as_deref(), expected);
}

#[test]
fn the_two_spellings_of_new_york_headers_are_one() {
    let spaced = one(
        "nyc-311",
        "Unique Key,Created Date,X Coordinate (State Plane)\n7,07/06/2024 11:59:56 PM,5\n",
    );
    let snake = one(
        "nyc-311",
        "unique_key,created_date,x_coordinate_(state_plane)\n7,07/06/2024 11:59:56 PM,5\n",
    );
    assert_eq!(spaced, snake);
}

#[test]
fn chicago_zeros_are_unknown_and_its_duplicates_are_tagged() {
    let header = "Creation_Date,Status,Completion_Date,Service_Request_Number,Type_of_Service_Request,What_is_the_Nature_of_this_Code_Violation,Street_Address,ZIP_Code,Ward,Community_Area,Latitude,Longitude";
    let row = |cells| one("chicago-311-sanitation", &format!("{header}\n{cells}\n"));
    let unknown = row(
        "2012-07-06,Completed - Dup,2012-07-06,12-01209013,Sanitation Code Violation,,3612 N DAMEN AVE,0,0,0,,",
    );
    assert_eq!(unknown.declared, [None, None, None]);
    assert_eq!(unknown.address.as_deref(), Some("3612 N DAMEN AVE"));
    assert_eq!(
        unknown.category_path.as_deref(),
        Some("Sanitation Code Violation")
    );
    assert_eq!(
        (unknown.status.as_deref(), unknown.tags.as_slice()),
        (Some("closed"), &["duplicate".to_owned()][..])
    );
    assert_eq!(unknown.closed_at, Some(unknown.requested_at));
    let known = row(
        "2012-07-06,Open,NA,12-01209014,Sanitation Code Violation,Garbage in yard,3612 N DAMEN AVE,60618,47,5,41.9,-87.6",
    );
    assert_eq!(
        known.declared,
        [Some("5".to_owned()), Some("47".to_owned()), None]
    );
    assert_eq!(
        (known.status.as_deref(), known.tags.len(), known.closed_at),
        (Some("open"), 0, None)
    );
    assert_eq!(rfc3339(known.requested_at), "2012-07-06T05:00:00Z");
}

const BEIJING: &str = "\"No\",\"year\",\"month\",\"day\",\"hour\",\"PM2.5\",\"PM10\",\"SO2\",\"NO2\",\"CO\",\"O3\",\"TEMP\",\"PRES\",\"DEWP\",\"RAIN\",\"wd\",\"WSPM\",\"station\"";

#[test]
fn a_wide_row_becomes_an_observation_for_each_value() {
    let rows = format!(
        "{BEIJING}\n51,2013,3,4,2,999,8.5, ,NA,10000,1071,-0.7,1023,-18.8,0,\"NNW\",4.4,\"Aotizhongxin\"\n"
    );
    let decoded = decoded(&shipped("beijing-air"), &rows, Format::Csv);
    let made = observations(&decoded);
    let told: Vec<_> = made
        .iter()
        .map(|o| (o.datastream.as_str(), o.result, o.quality))
        .collect();
    assert_eq!(
        told,
        [
            ("Aotizhongxin/PM2.5", Some(999.0), Quality::Doubtful),
            ("Aotizhongxin/PM10", Some(8.5), Quality::Good),
            ("Aotizhongxin/CO", Some(10000.0), Quality::Good),
            ("Aotizhongxin/O3", Some(1071.0), Quality::Good),
        ]
    );
    assert_eq!(decoded.read(), 4);
    assert_eq!(decoded.notes.get("at_ceiling"), 1);
    let first = &made[0];
    assert_eq!(rfc3339(first.phenomenon_time), "2013-03-03T18:00:00Z");
    assert_eq!(
        (first.property.as_deref(), first.unit.as_deref()),
        (Some("PM2.5"), Some("ug/m3"))
    );
    let position = first.position.unwrap();
    assert_eq!((position.lon(), position.lat()), (116.397, 39.982));
}

#[test]
fn a_value_that_is_no_number_refuses_its_observation_alone() {
    let rows = format!(
        "{BEIJING}\n1,2013,3,1,0,4,x,4,7,300,77,,,,,,,Changping\n2,2013,13,1,0,4,4,4,7,300,77,,,,,,,Changping\n"
    );
    let decoded = decoded(&shipped("beijing-air"), &rows, Format::Csv);
    assert_eq!(observations(&decoded).len(), 5);
    let told: Vec<_> = decoded
        .refused
        .iter()
        .map(|r| (r.index, &*r.refusal.field, &*r.refusal.rule))
        .collect();
    assert_eq!(
        told,
        [(0, "PM10", "number"), (1, "phenomenon_time", "time")]
    );
    let raw: serde_json::Value = serde_json::from_str(&decoded.refused[0].raw).unwrap();
    assert_eq!(raw["PM10"], "x");
    assert_eq!(raw["station"], "Changping");
    assert_eq!(raw.get("PM2.5"), None);
}

#[test]
fn a_chinese_message_keeps_its_text_and_loses_its_user_and_numbers() {
    let csv = "留言编号,留言用户,留言主题,留言时间,留言详情,反对数,点赞数,五\n188006,A000102948,主题,2019/2/28 4:25:00,\"\n\t\t请联系13812345678，\n谢谢\n\",0,0,1\n";
    let decoded = decoded(&shipped("zhengwu-messages"), csv, Format::Csv);
    let made = &complaints(&decoded)[0];
    assert_eq!(rfc3339(made.requested_at), "2019-02-27T20:25:00Z");
    assert_eq!(made.text.as_deref(), Some("主题\n请联系***，\n谢谢"));
    assert!(!format!("{made:?}").contains("A000102948"));
    assert_eq!(decoded.notes, Notes::default());
}

const ORDERS: &str = "工单编号,工单类型,问题分类,标签,标题,主要内容,工单状态,来电人,来电人电话/账号,被反映区,被反映街乡镇,村/社区,小区点位,来电时间,派单时间,截止时间,处理时限,办结时间,是否联系,是否有效回访,是否解决,是否满意,工单性质,数据来源,二级承办单位简称
2024090112,投诉,城市管理->环境卫生->垃圾清运,宜居性；便利性,垃圾,联系电话：88886666,已办结,张三,13900000000,东城区,北新桥街道,民安社区,民安小区5号楼,2024年5月1日 8:05:00,2024/5/1 09:00,2024-05-08,7天,2024-05-03 10:00:00,是,是,部分解决,基本满意,主办,12345热线,区城管委
2024090113,咨询,无,,,,办理中,李四,139,,,,,2024-05-01,,,,,否,否,,,,,
";

#[test]
fn a_work_order_of_a_chinese_hotline_becomes_a_complaint() {
    let decoded = decoded(&shipped("cn-12345"), ORDERS, Format::Csv);
    let [first, second] = complaints(&decoded) else {
        panic!("two complaints are expected")
    };
    assert_eq!(rfc3339(first.requested_at), "2024-05-01T00:05:00Z");
    assert_eq!(
        first.dispatched_at.map(rfc3339).as_deref(),
        Some("2024-05-01T01:00:00Z")
    );
    assert_eq!(
        first.due_at.map(rfc3339).as_deref(),
        Some("2024-05-07T16:00:00Z")
    );
    assert_eq!(first.category.as_deref(), Some("垃圾清运"));
    assert_eq!(
        first.category_path.as_deref(),
        Some("城市管理->环境卫生->垃圾清运")
    );
    assert_eq!(first.tags, ["宜居性", "便利性", "主办", "valid_callback"]);
    assert_eq!(
        (first.contacted, second.contacted),
        (Some(true), Some(false))
    );
    assert_eq!(
        (first.resolved.as_deref(), first.satisfaction.as_deref()),
        (Some("partly"), Some("basically"))
    );
    assert_eq!(
        first.declared,
        ["东城区", "北新桥街道", "民安社区"].map(|name| Some(name.to_owned()))
    );
    assert_eq!(first.text.as_deref(), Some("垃圾\n联系电话：***"));
    assert_eq!(
        (second.status.as_deref(), second.category.as_deref()),
        (Some("in_progress"), None)
    );
    assert_eq!(second.tags, [""; 0]);
    let told = format!("{:?}", decoded.batch);
    assert!(!told.contains("张三") && !told.contains("13900000000"));
    assert_eq!(decoded.notes, Notes::default());
}

#[test]
fn open311_requests_are_read_in_both_spellings() {
    let json = r#"{"requests":[
        {"lon":-122.42266,"lat":37.742844,"status":"Open","_address":"765 SAN JOSE AVE","service_name":"Sewage","service_code":307,
         "expected_datetime":"null","service_request_id":771864,"requested_datetime":"2010-11-14 16:18:54.98","expected_datetime":"true"},
        {"long":-122.4,"lat":37.7,"status":"closed","address":"x","service_code":"006","service_request_id":"638344",
         "requested_datetime":"2010-04-14T06:37:38-08:00","expected_datetime":"2010-04-15T06:37:38-08:00","description":"","email":"a@b.org"}]}"#;
    let decoded = decoded(&shipped("open311"), json, Format::Json);
    let [first, second] = complaints(&decoded) else {
        panic!("two complaints are expected")
    };
    // The city of the test is in Shanghai.
    assert_eq!(rfc3339(first.requested_at), "2010-11-14T08:18:54Z");
    assert_eq!((first.id.as_str(), first.due_at), ("771864", None));
    assert_eq!(
        (first.category.as_deref(), second.category.as_deref()),
        (Some("Sewage"), Some("006"))
    );
    assert_eq!(rfc3339(second.requested_at), "2010-04-14T14:37:38Z");
    assert!(first.position.is_some() && second.position.is_some());
    assert_eq!(decoded.notes, Notes::default());
}
