use super::*;

fn read(pairs: &[(&str, &str)]) -> Result<PictureRequest, HttpError> {
    let pairs = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    PictureRequest::read(Params::of(pairs.collect()), &crate::app::tests::city())
}

#[test]
fn without_parameters_it_is_the_whole_city_in_cells() {
    let request = read(&[]).unwrap();
    assert_eq!([request.frame.width, request.frame.height], [1024, 768]);
    assert!(matches!(request.shown, Shown::Cells(_)));
    assert!(request.caption && request.labels && !request.sensors);
}

#[test]
fn what_cannot_be_used_is_named_with_its_rule() {
    for (name, value, rule) in [
        ("size", "63", "from 64 to 4096"),
        ("size", "4097x100", "from 64 to 4096"),
        ("size", "x", "from 64 to 4096"),
        ("bbox", "1,2,3", "west,south,east,north"),
        ("bbox", "1,2,3,4,5", "west,south,east,north"),
        ("bbox", "3,2,1,4", "west < east"),
        ("bbox", "NaN,2,1,4", "west < east"),
        ("layer", "areas-street", "areas-LEVEL"),
        ("resolution", "16", "between 5 and"),
        ("breaks", "3,2", "rising"),
        ("breaks", "a", "rising"),
        ("lang", "fr", "zh or en"),
        ("renderer", "paint", "tiny-skia"),
        ("caption", "perhaps", "perhaps"),
        ("colour", "red", "not a parameter"),
    ] {
        let error = read(&[(name, value)]).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains(rule), "{error}");
    }
    let long = "长".repeat(201);
    assert!(read(&[("title", &long)]).is_err());
}
