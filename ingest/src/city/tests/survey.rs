use super::*;

fn real(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/cities/{name}.toml"));
    let there = files(&path).unwrap().iter().all(|file| file.is_file());
    if !there {
        println!("skipped: no real data");
    }
    there.then_some(path)
}

fn findings(report: &CityReport, level: usize, rule: FindingRule) -> Vec<&Finding> {
    let boundaries = &report.levels[level].boundaries;
    let findings = boundaries.iter().flat_map(|boundary| &boundary.findings);
    findings.filter(|finding| finding.rule == rule).collect()
}

#[test]
fn every_id_that_stands_twice_is_an_error_of_the_check() {
    let (_folder, path) = folder_with(&[("\"code\": 2.0", "\"code\": \"110101000000\"")]);
    let report = check(&path).unwrap();
    assert!(report.has_errors());
    let found = findings(&report, 0, FindingRule::DuplicateId);
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].message,
        "feature 2 has the id \"110101000000\" of feature 1"
    );
    assert_eq!(report.levels[0].boundaries[0].areas, 1);
    assert!(read_city(&path).is_err());
}

#[test]
fn a_gap_names_the_areas_around_it_and_an_overlap_both() {
    let hole = "[[[116.4, 39.9], [116.5, 39.9], [116.5, 40.0], [116.4, 40.0], [116.4, 39.9]], \
                [[116.42, 39.92], [116.43, 39.92], [116.43, 39.93], [116.42, 39.92]]]";
    let (_folder, path) = folder_with(&[(
        "[[[116.4, 39.9], [116.5, 39.9], [116.5, 40.0], [116.4, 40.0], [116.4, 39.9]]]",
        hole,
    )]);
    let report = check(&path).unwrap();
    let gaps = findings(&report, 0, FindingRule::Gap);
    assert_eq!(gaps.len(), 1);
    assert_eq!(gaps[0].areas, ["110101000000"]);
    assert!(
        gaps[0]
            .message
            .ends_with("in no area, between 东 (110101000000)"),
        "{}",
        gaps[0].message
    );
    let (lon, lat) = (gaps[0].lon.unwrap(), gaps[0].lat.unwrap());
    assert!((116.42..116.43).contains(&lon) && (39.92..39.93).contains(&lat));
    // Half of 0.01 by 0.01 degrees at 39.92 north: 0.853 km by 1.110 km.
    let half_m2 = 853.9 * 1110.3 / 2.0;
    assert!(
        (gaps[0].area_m2.unwrap() / half_m2 - 1.0).abs() < 0.002,
        "{:?}",
        gaps[0].area_m2
    );
}

#[test]
fn the_even_odd_reading_of_a_bow_tie_is_told_with_its_place() {
    let (_folder, path) = folder_with(&[(
        "[116.5, 39.9], [116.5, 40.0]",
        "[116.5, 40.0], [116.5, 39.9]",
    )]);
    let report = check(&path).unwrap();
    let found = findings(&report, 0, FindingRule::InvalidRing);
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].message,
        "东 (110101000000): edges cross; read by the even-odd rule it has 2 parts, the same ground as its rings one by one"
    );
    let (lon, lat) = (found[0].lon.unwrap(), found[0].lat.unwrap());
    assert!((lon - 116.45).abs() < 1e-9 && (lat - 39.95).abs() < 1e-9);
}

#[test]
fn thirteen_of_the_areas_of_chicago_have_invalid_rings() {
    let Some(path) = real("chicago") else { return };
    let (city, report) = examine(&path).unwrap();
    let invalid = findings(&report, 0, FindingRule::InvalidRing);
    let explained = invalid
        .iter()
        .filter(|finding| finding.message.contains("read by the even-odd rule"));
    let mut ids: Vec<_> = explained.flat_map(|finding| &finding.areas).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 13);
    let in_city = |finding: &&Finding| {
        let (lon, lat) = (finding.lon.unwrap(), finding.lat.unwrap());
        city.bbox().holds(lon, lat) && ids.contains(&&finding.areas[0])
    };
    assert!(invalid.iter().all(in_city));
    assert!(!report.has_errors());
}

#[test]
fn a_name_that_two_districts_of_beijing_have_is_told_with_both() {
    let Some(path) = real("beijing") else { return };
    let (city, report) = examine(&path).unwrap();
    let names = findings(&report, 1, FindingRule::DuplicateName);
    let found: Vec<_> = names
        .iter()
        .map(|finding| finding.message.as_str())
        .collect();
    assert_eq!(
        found,
        [
            "八里庄街道 is the name of 110105015000 (in 110105000000) and 110108005000 (in 110108000000)"
        ]
    );
    let picture = picture(&city, &report);
    assert!(picture.len() < 1_500_000, "{}", picture.len());
}

#[test]
fn a_picture_shows_each_finding_and_a_legend() {
    let (_folder, path) =
        folder_with(&[("\"西\"", "\"东\""), ("[116.41, 39.91]", "[116.39, 39.91]")]);
    let (city, report) = examine(&path).unwrap();
    let svg = picture(&city, &report);
    for words in [
        "<svg",
        "district: 2 areas",
        "community: 1 area",
        "name of several areas: 1",
        "part of an area outside its parent: 1",
        "东 is the name of 110101000000 and 2",
        "stroke-dasharray",
        "2 km",
    ] {
        assert!(svg.contains(words), "{words} is not in {svg}");
    }
    assert!(svg.len() < 20_000 && !svg.contains("NaN"), "{}", svg.len());
}

#[test]
fn a_check_counts_aligned_cells_and_which_cells_are_cut() {
    let (_folder, path) = folder_with(&[]);
    let (city, report) = examine(&path).unwrap();
    let Some(AlignedReport::Made {
        level,
        aligned_cells,
        inner_cells,
        cut_cells,
    }) = report.aligned.clone()
    else {
        panic!("{:?}", report.aligned)
    };
    let smallest = city.levels.last().unwrap();
    assert_eq!(level, smallest.level);
    // Every cell has a part, and an area of more than a cell has cells of its own.
    assert!(aligned_cells >= inner_cells + cut_cells && inner_cells > 0 && cut_cells > 0);
    // What is not cut fills the areas, but for the cut ones.
    let km2: f64 = smallest.latest().iter().map(|area| area.area_km2).sum();
    let cell_km2 = city.base_resolution.area_km2();
    let count = |cells: usize| f64::from(u32::try_from(cells).unwrap());
    assert!(count(inner_cells) * cell_km2 < 1.1 * km2);
    assert!(count(inner_cells + cut_cells) * cell_km2 > 0.9 * km2);
    let said = format!(
        "aligned cells of level {level}: {aligned_cells}, from {inner_cells} cells inside one area and {cut_cells} cut by borders"
    );
    assert!(report.to_string().contains(&said), "{report}");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["aligned"]["aligned_cells"], aligned_cells);
    assert_eq!(json["aligned"]["cut_cells"], cut_cells);
}
