//! Imports of real exports, with the figures that are known of them.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    io::Read as _,
};

use chrono::Timelike as _;
use citybrain_model::{Complaint, LocationQuality, Quality};

use super::{
    tests::{Memory, run},
    *,
};

/// A file of the real data; `None`, told, when they are not there.
fn data(file: &str) -> Option<PathBuf> {
    let beside = std::env::var("CARGO_MANIFEST_DIR").unwrap() + "/../../shared/data";
    let folder = std::env::var("CITYBRAIN_DATA").unwrap_or(beside);
    let path = Path::new(&folder).join(file);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: no real data");
    None
}

fn imported(profile: &str, file: &str) -> Option<(Summary, Memory)> {
    let path = data(file)?;
    let mut store = Memory::default();
    let summary = run(&mut store, profile, &[path]).unwrap();
    assert_eq!(
        summary.notes.columns_left_out().count(),
        0,
        "every column is known"
    );
    assert_eq!(summary.accepted, store.complaints.len() as u64);
    Some((summary, store))
}

/// The rows of a packed CSV by nothing but the csv crate: the oracle.
fn plain_rows(path: &Path) -> Vec<HashMap<String, String>> {
    let mut text = String::new();
    let file = std::fs::File::open(path).unwrap();
    zstd::Decoder::new(file)
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .map(Result::unwrap)
        .collect()
}

fn count(store: &Memory, holds: impl Fn(&Complaint) -> bool) -> usize {
    store.complaints.values().filter(|made| holds(made)).count()
}

/// The local hour in which most complaints were made.
fn busiest_hour(store: &Memory, zone: chrono_tz::Tz) -> u32 {
    let mut hours = [0_u32; 24];
    for made in store.complaints.values() {
        hours[made.requested_at.with_timezone(&zone).hour() as usize] += 1;
    }
    (0..24).max_by_key(|hour| hours[*hour as usize]).unwrap()
}

#[test]
fn boston_2011_is_read_whole_and_city_hall_is_no_place() {
    let Some((summary, store)) =
        imported("boston-311", "complaints-boston/boston_311_2011h2.csv.zst")
    else {
        return;
    };
    assert_eq!(
        (summary.read, summary.accepted, summary.rejected),
        (58_251, 58_251, 0)
    );
    assert_eq!(summary.notes.get("default_location"), 4_775);
    assert_eq!(
        count(&store, |made| made.location_quality
            == LocationQuality::Default),
        4_775
    );
    assert_eq!(summary.not_located, 4_775);
    let categories: HashSet<_> = store
        .complaints
        .values()
        .filter_map(|made| made.category.clone())
        .collect();
    assert_eq!(categories.len(), 141);
    let zips = store
        .complaints
        .values()
        .filter_map(|made| made.address.as_deref()?.rsplit(", ").next());
    let short = zips
        .filter(|zip| zip.len() < 5 && zip.chars().all(|c| c.is_ascii_digit()))
        .count();
    assert_eq!(short, 0, "zips have five digits");
    assert!((9..=10).contains(&busiest_hour(&store, chrono_tz::America::New_York)));
}

#[test]
fn the_clock_of_boston_2013_to_2019_is_put_right() {
    let file = "complaints-boston/boston_311_animals_2013_2019.csv.zst";
    let Some((summary, store)) = imported("boston-311-2013-2019", file) else {
        return;
    };
    assert_eq!(
        (summary.read, summary.accepted, summary.rejected),
        (54_273, 54_273, 0)
    );
    assert_eq!(
        count(&store, |made| made
            .tags
            .iter()
            .any(|tag| tag == "closed_before_requested")),
        10
    );
    let zone = chrono_tz::America::New_York;
    assert!((8..=11).contains(&busiest_hour(&store, zone)));
    // With a clock that is right the mean hour does not jump when daylight-saving time begins.
    let mean_hour = |from: i64, to: i64, shown: &dyn Fn(&Complaint) -> f64| {
        let hours: Vec<f64> = store
            .complaints
            .values()
            .filter(|made| {
                let begins = (2013..=2019).filter_map(|year| begin_of_summer(year, zone));
                let days = begins.map(|begin| (made.requested_at - begin).num_days());
                days.into_iter().any(|days| (from..to).contains(&days))
            })
            .map(shown)
            .collect();
        let (sum, count) = hours
            .iter()
            .fold((0.0, 0.0), |(sum, count), hour| (sum + hour, count + 1.0));
        sum / count
    };
    let local = |made: &Complaint| f64::from(made.requested_at.with_timezone(&zone).hour());
    let jump = mean_hour(1, 22, &local) - mean_hour(-21, -1, &local);
    assert!(jump.abs() < 0.5, "{jump}");
    let written = |made: &Complaint| {
        let right = made.requested_at.with_timezone(&zone).naive_local();
        f64::from(chrono::TimeZone::from_utc_datetime(&zone, &right).hour())
    };
    let jump = mean_hour(1, 22, &written) - mean_hour(-21, -1, &written);
    assert!((0.5..1.6).contains(&jump), "as it is written: {jump}");
}

fn begin_of_summer(year: i32, zone: chrono_tz::Tz) -> Option<chrono::DateTime<chrono::Utc>> {
    // The second Sunday of March, 02:00.
    let sunday = chrono::NaiveDate::from_weekday_of_month_opt(year, 3, chrono::Weekday::Sun, 2)?;
    let midnight = sunday
        .and_hms_opt(0, 0, 0)?
        .and_local_timezone(zone)
        .single()?;
    Some(midnight.to_utc() + chrono::TimeDelta::hours(2))
}

#[test]
fn a_request_number_of_chicago_that_comes_again_is_one_request_in_its_last_state() {
    let file = "complaints-chicago/chicago_311_sanitation_code_2000_2014.csv.zst";
    let Some((summary, store)) = imported("chicago-311-sanitation", file) else {
        return;
    };
    assert_eq!(
        (summary.read, summary.accepted, summary.rejected),
        (74_401, 74_401 - 375, 0)
    );
    assert_eq!((summary.updated, summary.duplicate), (372, 3));
    let mut last = HashMap::new();
    for row in plain_rows(&data(file).unwrap()) {
        last.insert(row["Service_Request_Number"].clone(), row);
    }
    let closed = last
        .values()
        .filter(|row| row["Status"].starts_with("Completed"))
        .count();
    assert_eq!(
        count(&store, |made| made.status.as_deref() == Some("closed")),
        closed
    );
    let duplicates = last
        .values()
        .filter(|row| row["Status"].ends_with("- Dup"))
        .count();
    assert_eq!(count(&store, |made| made.tags == ["duplicate"]), duplicates);
    let zone = chrono_tz::America::Chicago;
    for made in store.complaints.values() {
        let row = &last[&made.id];
        let day =
            |at: chrono::DateTime<chrono::Utc>| at.with_timezone(&zone).format("%F %T").to_string();
        assert_eq!(
            day(made.requested_at),
            row["Creation_Date"].clone() + " 00:00:00"
        );
        let closed = made.closed_at.map(day).unwrap_or_default();
        assert_eq!(
            closed.split(' ').next(),
            Some(row["Completion_Date"].as_str())
        );
    }
}

#[test]
fn the_three_slices_of_new_york_are_read_whole() {
    for (profile, file, rows, without_place) in [
        (
            "nyc-311",
            "complaints-nyc/nyc_311_2024-09-01_all.csv.zst",
            9_240,
            97,
        ),
        (
            "nyc-311",
            "complaints-nyc/nyc_311_noise_2024-06-30_2024-07-06.csv.zst",
            15_407,
            94,
        ),
        (
            "nyc-311-export",
            "complaints-nyc/nyc_311_elevator_2024.csv.zst",
            22_504,
            20,
        ),
    ] {
        let Some((summary, store)) = imported(profile, file) else {
            return;
        };
        assert_eq!(
            (summary.read, summary.accepted, summary.rejected),
            (rows, rows, 0),
            "{file}"
        );
        assert_eq!(summary.not_located, without_place, "{file}");
        let types: HashSet<_> = store
            .complaints
            .values()
            .filter_map(|made| made.category_path.as_deref()?.split("->").next())
            .collect();
        let folded: HashSet<_> = types.iter().map(|name| name.to_lowercase()).collect();
        assert_eq!(types.len(), folded.len(), "{file}");
        match rows {
            9_240 => assert_eq!(types.len(), 117),
            15_407 => assert_eq!(types.len(), 6),
            _ => assert_eq!(types, HashSet::from(["Elevator"])),
        }
    }
}

#[test]
fn a_row_of_the_last_instant_of_a_new_york_day_keeps_it() {
    let Some((_, store)) = imported("nyc-311", "complaints-nyc/nyc_311_2024-09-01_all.csv.zst")
    else {
        return;
    };
    let last = store
        .complaints
        .values()
        .map(|made| made.requested_at)
        .max()
        .unwrap();
    assert_eq!(
        last.with_timezone(&chrono_tz::America::New_York)
            .to_rfc3339(),
        "2024-09-02T00:00:00-04:00"
    );
}

/// Counts and keeps identities alone.
#[derive(Debug, Default)]
struct Identities {
    known: HashSet<u128>,
    refused: usize,
    without_place: usize,
    doubtful: BTreeMap<String, u64>,
}

impl Sink for Identities {
    fn append(&mut self, batch: Batch, refused: Vec<Refused>) -> Result<Receipt, AppendError> {
        self.refused += refused.len();
        let Batch::Observations(rows) = &batch else {
            return Err(AppendError::Closed);
        };
        let before = self.known.len();
        self.known.extend(rows.iter().map(|row| row.identity().0));
        self.without_place += rows.iter().filter(|row| row.position.is_none()).count();
        for row in rows.iter().filter(|row| row.quality == Quality::Doubtful) {
            *self
                .doubtful
                .entry(row.property.clone().unwrap())
                .or_default() += 1;
        }
        let accepted = (self.known.len() - before) as u64;
        Ok(Receipt {
            accepted,
            located: accepted,
            duplicate: rows.len() as u64 - accepted,
            ..Receipt::default()
        })
    }
}

#[test]
fn every_value_of_beijing_is_an_observation_and_a_missing_one_is_none() {
    const POLLUTANTS: [&str; 6] = ["PM2.5", "PM10", "SO2", "NO2", "CO", "O3"];
    let Some(path) = data("sensors-beijing-air/prsa_12stations_20130301_20170228.csv.zst") else {
        return;
    };
    let mut sink = Identities::default();
    let summary = run(&mut sink, "beijing-air", std::slice::from_ref(&path)).unwrap();
    let file = std::fs::File::open(&path).unwrap();
    let mut table = csv::Reader::from_reader(zstd::Decoder::new(file).unwrap());
    let header = table.headers().unwrap().clone();
    let columns = POLLUTANTS.map(|name| header.iter().position(|column| column == name).unwrap());
    let (mut rows, mut values) = (0_u64, 0_u64);
    let mut ceiling = BTreeMap::new();
    let mut record = csv::StringRecord::new();
    while table.read_record(&mut record).unwrap() {
        rows += 1;
        for (name, column) in POLLUTANTS.iter().zip(columns) {
            let Ok(value) = record[column].parse::<f64>() else {
                continue;
            };
            values += 1;
            if name.starts_with("PM") && value >= 999.0 {
                *ceiling.entry((*name).to_owned()).or_default() += 1;
            }
        }
    }
    assert_eq!(rows, 420_768);
    assert_eq!((summary.read, summary.accepted), (values, values));
    assert_eq!((sink.refused, sink.without_place), (0, 0));
    assert_eq!(sink.doubtful, ceiling);
    assert_eq!(
        summary.notes.get("at_ceiling"),
        ceiling.values().sum::<u64>()
    );
}

#[test]
fn chinese_messages_are_read_whole_without_their_users() {
    let file = "complaints-zh-zhengwu/messages_hot_topics.csv.zst";
    let Some((summary, store)) = imported("zhengwu-messages", file) else {
        return;
    };
    assert_eq!(
        (summary.read, summary.accepted, summary.rejected),
        (4_326, 4_326, 0)
    );
    let rows = plain_rows(&data(file).unwrap());
    let users: HashMap<&str, &str> = rows
        .iter()
        .map(|row| (row["留言编号"].as_str(), row["留言用户"].as_str()))
        .collect();
    for made in store.complaints.values() {
        let text = made.text.as_deref().unwrap();
        let user = users[made.id.as_str()];
        assert!(user.len() > 5 && !text.contains(user), "{user} in {text}");
        let digits: String = text
            .chars()
            .map(|c| if c.is_ascii_digit() { c } else { ' ' })
            .collect();
        let mobile = digits
            .split(' ')
            .find(|run| run.len() == 11 && run.starts_with('1') && run.as_bytes()[1] > b'2');
        assert_eq!(mobile, None, "{text}");
    }
}

#[test]
fn open311_requests_with_members_twice_are_read() {
    let file = "payloads-open311/sf-open311dashboard/ServiceRequests_By_Zip_Slice.json";
    let Some((summary, store)) = imported("open311", file) else {
        return;
    };
    assert_eq!(
        (summary.read, summary.accepted, summary.rejected),
        (73, 73, 0)
    );
    assert_eq!(count(&store, |made| made.position.is_some()), 73);
    assert_eq!(
        store
            .complaints
            .values()
            .filter(|made| made.due_at.is_some())
            .count(),
        53
    );
}
