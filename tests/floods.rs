//! One caller floods the hotline: an alarm all the same, but told apart from one of many callers. Real floods of New York.

use citybrain_tests::{city_file, real_data, run};
use serde_json::Value;

use crate::import::{import, state_of};

/// On 2024-09-01, 206 of the city's 9,240 complaints were "Noise - Commercial" at 894 Broadway, in Manhattan's community district 5. The
/// week around 4 July is what is known of the time before.
#[test]
fn the_flood_of_894_broadway_is_an_alarm_of_one_source() {
    let (Some(day), Some(week), Some(city)) = (
        real_data("complaints-nyc/nyc_311_2024-09-01_all.csv.zst"),
        real_data("complaints-nyc/nyc_311_noise_2024-06-30_2024-07-06.csv.zst"),
        city_file("nyc"),
    ) else {
        return;
    };
    let state = state_of(&city);
    for file in [week, day] {
        import(state.path(), "nyc-311", &file);
    }
    let rows = |sql: &str| -> Vec<Value> {
        let finished = run([
            "sql".as_ref(),
            "--format".as_ref(),
            "json".as_ref(),
            "--state-dir".as_ref(),
            state.path().as_os_str(),
            sql.as_ref(),
        ]);
        finished.succeeded();
        serde_json::from_str(&finished.out).unwrap()
    };
    let place = rows(
        "SELECT subdistrict, category, count(*) AS n FROM complaints WHERE address LIKE '894 BROADWAY%' AND requested_at >= '2024-09-01T04:00:00Z' \
         GROUP BY ALL ORDER BY n DESC LIMIT 1",
    );
    assert!(place[0]["n"].as_u64().unwrap() > 180, "{place:?}");
    let alarms = rows(
        "SELECT * FROM bursts((SELECT subdistrict, category, requested_at, address FROM complaints), baseline => 100, weekdays => false, \
         from => '2024-06-30T00:00:00-04:00', to => '2024-09-02T00:00:00-04:00', last => 1)",
    );
    let of_place = |row: &&Value| {
        row["subdistrict"] == place[0]["subdistrict"] && row["category"] == place[0]["category"]
    };
    let flood = alarms.iter().find(of_place).expect("the flood is an alarm");
    assert_eq!(flood["breadth"], "narrow", "{flood}");
    assert!(flood["largest_share"].as_f64().unwrap() > 0.9, "{flood}");
    assert!(flood["sources"].as_f64().unwrap() < 2.0, "{flood}");
    // Many callers are told as such.
    let broad = alarms
        .iter()
        .filter(|row| row["breadth"] == "broad")
        .count();
    assert!(broad > 0, "{alarms:?}");
}
