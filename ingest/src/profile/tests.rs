use rstest::rstest;

use super::*;

const COMPLAINT: &str = r#"
title = "t"
record = "complaint"
zone = "city"
[fields]
id = "a"
requested_at = "b"
"#;

fn error(text: &str) -> String {
    let message = Profile::parse("p", text).unwrap_err().to_string();
    assert!(!message.contains('\n'), "{message}");
    message
}

#[test]
fn every_shipped_profile_is_valid_and_is_found_by_its_name() {
    for (name, _) in SHIPPED {
        let profile = Profile::load(name).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(profile.name, name);
        assert!(profile.title.len() > 20, "{name} says what it reads");
    }
}

#[test]
fn every_file_in_the_folder_of_profiles_is_shipped() {
    let folder = std::env::var("CARGO_MANIFEST_DIR").unwrap() + "/../data/sources";
    let files = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.retain(|name| name != "README.md");
    names.sort();
    let mut shipped = SHIPPED.map(|(name, _)| format!("{name}.toml"));
    shipped.sort();
    assert_eq!(names, shipped);
}

#[test]
fn a_name_of_nothing_is_answered_with_the_names_of_the_shipped_profiles() {
    let message = Profile::load("bostn").unwrap_err().to_string();
    for (name, _) in SHIPPED {
        assert!(message.contains(name), "{message}");
    }
}

#[test]
fn a_path_is_read_and_its_faults_name_profile_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    std::fs::write(&path, COMPLAINT).unwrap();
    let profile = Profile::load(path.to_str().unwrap()).unwrap();
    assert_eq!(
        (profile.name.as_str(), profile.source()),
        (path.to_str().unwrap(), "mine")
    );
    let missing = folder.path().join("missing.toml");
    let message = Profile::load(missing.to_str().unwrap())
        .unwrap_err()
        .to_string();
    assert!(message.starts_with(missing.to_str().unwrap()), "{message}");
    assert!(
        error("title = \"t\"\nrecord = \"complaint\"\nfoo = 1\n")
            .contains("line 3: unknown field `foo`")
    );
}

#[test]
fn a_base_is_overlaid_table_by_table() {
    let text = r#"
        base = "boston-311"
        title = "other"
        times = ["%d.%m.%Y"]
        [fields]
        id = "number"
        [columns.location_zipcode]
        nulls = ["0"]
    "#;
    let (mine, base) = (
        Profile::parse("mine", text).unwrap(),
        Profile::load("boston-311").unwrap(),
    );
    assert_eq!((mine.title.as_str(), mine.source()), ("other", "mine"));
    assert_eq!(mine.times, ["%d.%m.%Y"]);
    assert_eq!(mine.zone, base.zone);
    assert_eq!(
        mine.fields[&Field::Id].0[0].column.as_deref(),
        Some("number")
    );
    assert_eq!(mine.fields.len(), base.fields.len());
    assert_eq!(mine.columns["location_zipcode"].digits, Some(5));
    assert_eq!(mine.columns["location_zipcode"].nulls, ["0"]);
}

#[rstest]
#[case::record(
    "record = \"complaint\"",
    "record = \"letter\"",
    "unknown variant `letter`"
)]
#[case::zone("\"city\"", "\"Mars/Base\"", "failed to parse timezone")]
#[case::field(
    "id = \"a\"",
    "id = \"a\"\nresult = \"c\"",
    "this record has no field result"
)]
#[case::unknown_field("id = \"a\"", "idd = \"a\"", "unknown variant `idd`")]
#[case::required("id = \"a\"", "", "the field id is required")]
#[case::two_ways(
    "id = \"a\"",
    "id = { column = \"a\", value = \"x\" }",
    "id needs exactly one of column"
)]
#[case::no_way(
    "id = \"a\"",
    "id = { map = { a = \"b\" } }",
    "id needs exactly one of column"
)]
#[case::two_rules("id = \"a\"", "id = [\"a\", \"c\"]", "id needs exactly one rule")]
#[case::parts("id = \"a\"", "id = { parts = { year = \"y\" } }", "id is no time")]
#[case::unknown_key_of_a_rule("id = \"a\"", "id = { colum = \"a\" }", "unknown field `colum`")]
#[case::half_position("id = \"a\"", "id = \"a\"\nlon = \"x\"", "lon and lat go together")]
#[case::crs(
    "id = \"a\"",
    "id = \"a\"\nlon = \"x\"\nlat = \"y\"",
    "[position] with crs is required"
)]
#[case::unknown_crs(
    "zone =",
    "position.crs = \"mercator\"\nzone =",
    "not a coordinate system"
)]
#[case::time("zone =", "times = [\"noon\"]\nzone =", "\"noon\" is no form of time")]
#[case::encoding("zone =", "encoding = \"latin-99\"\nzone =", "no encoding")]
#[case::delimiter("zone =", "delimiter = \"；\"\nzone =", "ASCII")]
#[case::melt(
    "zone =",
    "melt = [{ column = \"x\", unit = \"1\" }]\nzone =",
    "for observations"
)]
#[case::base("zone =", "base = \"other\"\nzone =", "\"other\" is no source profile")]
fn a_fault_of_a_profile_is_one_line_that_says_what(
    #[case] from: &str,
    #[case] to: &str,
    #[case] expected: &str,
) {
    Profile::parse("p", COMPLAINT).unwrap();
    let faulty = COMPLAINT.replace(from, to);
    assert_ne!(faulty, COMPLAINT);
    let message = error(&faulty);
    assert!(message.contains(expected), "{message}");
}
