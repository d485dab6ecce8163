use rstest::rstest;

use super::*;

fn title() -> Categories {
    Categories::new(&CategoryRule {
        case: Case::Title,
        spelling: ["LinkNYC".to_owned()].into(),
    })
}

#[rstest]
#[case("PLUMBING", "Plumbing")]
#[case("elevator", "Elevator")]
#[case("HEAT/HOT WATER", "Heat/Hot Water")]
#[case("Noise - House of Worship", "Noise - House of Worship")]
#[case("NOISE - HOUSE OF WORSHIP", "Noise - House of Worship")]
#[case("Animal in a Park", "Animal in a Park")]
#[case("Non-Emergency Police Matter", "Non-Emergency Police Matter")]
#[case("E-Scooter", "E-Scooter")]
#[case(
    "Special Projects Inspection Team (SPIT)",
    "Special Projects Inspection Team (SPIT)"
)]
#[case(
    "noise: air condition/ventilation equipment (nv1)",
    "Noise: Air Condition/Ventilation Equipment (NV1)"
)]
#[case("mayor's office", "Mayor's Office")]
#[case("linknyc", "LinkNYC")]
#[case("垃圾清运", "垃圾清运")]
fn a_name_is_spelled_in_title_case(#[case] name: &str, #[case] expected: &str) {
    assert_eq!(title().spelled(name), expected);
}

#[test]
fn the_last_level_of_a_path_is_the_category() {
    let mut keep = Categories::new(&CategoryRule::default());
    let of = |categories: &mut Categories, category, path| {
        let (category, path) = categories.of(category, path);
        (category.unwrap_or_default(), path.unwrap_or_default())
    };
    let expected = |category: &str, path: &str| (category.to_owned(), path.to_owned());
    assert_eq!(
        of(&mut keep, None, Some("a -> b->c")),
        expected("c", "a->b->c")
    );
    assert_eq!(of(&mut keep, Some("a->b"), None), expected("b", "a->b"));
    assert_eq!(of(&mut keep, Some("b"), None), expected("b", "b"));
    assert_eq!(
        of(&mut keep, Some("0307"), Some("a->b")),
        expected("0307", "a->b")
    );
    assert_eq!(of(&mut keep, None, Some("a->->b")), expected("b", "a->b"));
    assert_eq!(of(&mut keep, None, Some(" -> ")), expected("", ""));
    assert_eq!(of(&mut keep, None, None), expected("", ""));
    assert_eq!(
        of(&mut title(), None, Some("NOISE->LOUD MUSIC")),
        expected("Loud Music", "Noise->Loud Music")
    );
}

proptest::proptest! {
    #[test]
    fn names_that_differ_by_case_alone_become_one(name in "[a-zA-Z0-9 /()'.-]{1,30}") {
        let mut categories = title();
        let spelled = categories.spelled(&name).to_owned();
        let upper = categories.spelled(&name.to_uppercase()).to_owned();
        let lower = categories.spelled(&name.to_lowercase()).to_owned();
        proptest::prop_assert_eq!(&spelled, &upper);
        proptest::prop_assert_eq!(&spelled, &lower);
        proptest::prop_assert_eq!(spelled.to_lowercase(), name.to_lowercase());
    }
}
