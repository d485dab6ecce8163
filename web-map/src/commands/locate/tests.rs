use citybrain_synth::{SampleCitySpec, sample_city};

use super::*;

fn city() -> City {
    City::try_new(
        sample_city(1, &SampleCitySpec::with_communities(20))
            .unwrap()
            .parts(),
    )
    .unwrap()
}

fn located(city: &City, text: &str) -> Result<String, String> {
    let mut out = Vec::new();
    let table = Table {
        city,
        at: None,
        name: Path::new("points.csv"),
    };
    table
        .locate(text.as_bytes(), &mut out)
        .map_err(|failure| failure.message().unwrap())?;
    Ok(String::from_utf8(out).unwrap())
}

#[test]
fn every_column_stays_and_each_row_gets_its_places() {
    let city = city();
    let area = &city.levels[2].latest()[0];
    let text = format!(
        "name,Lon,LAT\n\"a, b\",{},{}\nnone,,\nnan,NaN,0\nfar,0,0\n",
        area.label.x(),
        area.label.y()
    );
    let lines: Vec<String> = located(&city, &text)
        .unwrap()
        .lines()
        .map(ToOwned::to_owned)
        .collect();
    assert_eq!(
        lines[0],
        "name,Lon,LAT,cell,district,subdistrict,community,grid"
    );
    assert!(lines[1].starts_with("\"a, b\","), "{}", lines[1]);
    assert!(
        lines[1].ends_with(&format!(",{},", area.id)),
        "{}",
        lines[1]
    );
    assert_eq!(lines[2], "none,,,,,,,");
    assert_eq!(lines[3], "nan,NaN,0,,,,,");
    assert!(
        lines[4].starts_with("far,0,0,8a") && lines[4].ends_with(",,,,"),
        "{}",
        lines[4]
    );
}

#[test]
fn more_rows_than_a_batch_come_out_in_order() {
    let rows = BATCH_ROWS + 7;
    let text: String = std::iter::once("n,lon,lat\n".to_owned())
        .chain((0..rows).map(|n| format!("{n},116.4,39.9\n")))
        .collect();
    let out = located(&city(), &text).unwrap();
    assert!(
        out.lines()
            .skip(1)
            .enumerate()
            .all(|(n, line)| line.starts_with(&format!("{n},116.4,39.9,8a")))
    );
    assert_eq!(out.lines().count(), rows + 1);
}

#[test]
fn what_cannot_be_read_is_named_by_line() {
    let city = city();
    let wrong = |text| located(&city, text).unwrap_err();
    assert_eq!(
        wrong("x,y\n1,2\n"),
        "points.csv, line 1: the header has no column lon"
    );
    assert_eq!(
        wrong("lon,lat\n1,2\n1,west\n"),
        "points.csv, line 3: \"west\" is not a number of degrees"
    );
    assert_eq!(
        wrong("lon,lat\n1,2,3\n"),
        "points.csv, line 2: the row has 3 fields, the header 2"
    );
}
