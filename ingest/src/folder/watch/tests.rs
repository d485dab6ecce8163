use rstest::rstest;

use super::is_partial;

#[rstest]
#[case("12345.csv", false)]
#[case("12345.csv.part", true)]
#[case("12345.csv.filepart", true)]
#[case("12345.CSV.TMP", true)]
#[case("12345.csv~", true)]
#[case("export.xlsx", false)]
fn uploads_under_way_are_known_by_their_names(#[case] name: &str, #[case] expected: bool) {
    assert_eq!(is_partial(name), expected);
}
