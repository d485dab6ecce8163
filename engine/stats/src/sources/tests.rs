use super::*;
use crate::real;

fn judge(counts: &[u64], unknown: u64, upper: f64) -> Breadth {
    breadth(counts, unknown, upper, &BreadthParameters::default()).unwrap()
}

#[test]
fn one_caller_a_hundred_times_is_narrow() {
    let breadth = judge(&[100, 1, 1], 0, 12.0);
    assert_eq!(breadth.verdict, Verdict::Narrow);
    assert_eq!(
        (breadth.complaints, breadth.sources, breadth.capped),
        (102, 3, 3)
    );
    assert!((breadth.effective.unwrap() - 102.0 * 102.0 / 10_002.0).abs() < 1e-12);
    assert!((breadth.largest_share.unwrap() - 100.0 / 102.0).abs() < 1e-12);
}

#[test]
fn a_hundred_callers_are_broad() {
    let breadth = judge(&[1; 100], 0, 12.0);
    assert_eq!(breadth.verdict, Verdict::Broad);
    assert!((breadth.effective.unwrap() - 100.0).abs() < 1e-12);
}

#[test]
fn a_flood_beside_many_callers_is_broad_only_without_its_repetition() {
    let mut counts = vec![1; 20];
    counts.push(40);
    // 21 sources are above 12, but 60² / (20 + 1600) = 2.2 effective ones are fewer than 3.
    assert_eq!(judge(&counts, 0, 12.0).verdict, Verdict::Narrow);
    let lenient = BreadthParameters {
        minimum_effective: 2.0,
        ..BreadthParameters::default()
    };
    assert_eq!(
        breadth(&counts, 0, 12.0, &lenient).unwrap().verdict,
        Verdict::Broad
    );
}

#[test]
fn complaints_without_a_source_leave_it_open_only_when_they_decide() {
    assert_eq!(judge(&[], 30, 12.0).verdict, Verdict::Undecided);
    assert_eq!(judge(&[1; 10], 10, 12.0).verdict, Verdict::Undecided);
    assert_eq!(judge(&[1; 30], 5, 12.0).verdict, Verdict::Broad);
    assert_eq!(judge(&[30], 5, 12.0).verdict, Verdict::Narrow);
    assert_eq!(judge(&[], 30, 12.0).effective, None);
}

#[test]
fn no_complaints_are_narrow_and_nothing_overflows() {
    let none = judge(&[], 0, 0.0);
    assert_eq!(
        (none.verdict, none.effective, none.largest_share),
        (Verdict::Narrow, None, None)
    );
    assert_eq!(
        judge(&[u64::MAX, u64::MAX], u64::MAX, 1.0).complaints,
        u64::MAX
    );
}

#[test]
fn parameters_outside_their_range_are_refused_by_name() {
    let none = BreadthParameters {
        cap: 0,
        ..BreadthParameters::default()
    };
    let error = breadth(&[1], 0, 1.0, &none).unwrap_err();
    assert_eq!(error.to_string(), "cap is 0: it must be 1 or more");
    assert!(breadth(&[1], 0, f64::NAN, &BreadthParameters::default()).is_err());
    let few = BreadthParameters {
        minimum_effective: 0.5,
        ..BreadthParameters::default()
    };
    assert!(breadth(&[1], 0, 1.0, &few).is_err());
}

/// New York's noise complaints of 2025 as first published and after 655 East 230 Street, one source, was taken out: 125,733 complaints
/// in the cell 882a10016bfffff.
#[test]
fn the_flood_of_655_east_230_street_is_narrow_and_what_is_left_of_its_cell_is_broad() {
    let folder = "complaints-nyc-noise-h3";
    let total = |file: &str| {
        let hexes = real::json(&format!("{folder}/{file}"))?;
        let hexes = hexes["hexes"].as_array().unwrap();
        let cell = hexes.iter().find(|hex| hex[0] == "882a10016bfffff");
        cell.unwrap()[1].as_u64()
    };
    let (Some(with), Some(without)) = (
        total("hex_2025.with_artifact.as-published.json"),
        total("hex_2025.as-published.json"),
    ) else {
        return;
    };
    let flood = with - without;
    assert!(flood > 100_000, "{with} - {without}");
    // What the cell had besides, a source each; thrice that would be an alarm.
    let mut counts = vec![1; usize::try_from(without).unwrap()];
    counts.push(flood);
    let upper = 3.0 * without as f64;
    let found = judge(&counts, 0, upper);
    assert_eq!(found.verdict, Verdict::Narrow);
    assert!(found.effective.unwrap() < 1.2 && found.largest_share.unwrap() > 0.9);
    counts.pop();
    assert_eq!(
        judge(&counts, 0, without as f64 / 2.0).verdict,
        Verdict::Broad
    );
}
