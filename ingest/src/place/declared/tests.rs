use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::place::made::{self, Made};

fn areas(city: &City, aliases: &[(AreaLevel, &str, &str)]) -> DeclaredAreas {
    let mut map = Aliases::new();
    for (level, name, id) in aliases {
        let names = map.entry(*level).or_default();
        names.insert((*name).to_owned(), (*id).to_owned());
    }
    DeclaredAreas::try_new(city, &map).unwrap()
}

/// Two districts, a street name in both, three classes of one stem in the second, a few communities.
fn city() -> City {
    made::city(&[
        Made::new(
            "1",
            "朝阳区",
            &[
                Made::new(
                    "11",
                    "八里庄街道",
                    &[
                        Made::new("111", "和平村村委会", &[]),
                        Made::new("112", "和平社区", &[]),
                    ],
                ),
                Made::new("12", "东风乡", &[Made::new("121", "新风社区居委会", &[])]),
            ],
        ),
        Made::new(
            "2",
            "海淀区",
            &[
                Made::new("21", "八里庄街道", &[Made::new("211", "恩济里社区", &[])]),
                Made::new("22", "海淀街道", &[Made::new("221", "新风社区居委会", &[])]),
                Made::new("23", "海淀镇", &[]),
                Made::new("24", "东风街道", &[]),
            ],
        ),
    ])
}

#[rstest]
#[case::by_id(["2", "21", ""], Outcome::Matched, "2/21/")]
#[case::by_name(["海淀区", "海淀镇", ""], Outcome::Matched, "2/23/")]
#[case::without_the_class(["海淀", "八里庄", ""], Outcome::Matched, "2/21/")]
#[case::another_class(["朝阳区", "东风地区办事处", ""], Outcome::Matched, "1/12/")]
#[case::traditional_and_wide(["海淀區", "八里莊街道", ""], Outcome::Matched, "2/21/")]
#[case::with_what_it_lies_in(["海淀区", "样本市海淀区八里庄街道", ""], Outcome::Matched, "2/21/")]
#[case::twice_without_a_parent(["", "八里庄街道", ""], Outcome::Ambiguous, "//")]
#[case::told_by_the_community(["", "八里庄街道", "恩济里"], Outcome::Matched, "2/21/211")]
#[case::one_stem_in_one_parent(["海淀区", "海淀乡", ""], Outcome::Ambiguous, "2//")]
#[case::the_very_name_is_elsewhere(["海淀区", "东风乡", ""], Outcome::Ambiguous, "//")]
#[case::elsewhere(["朝阳区", "海淀镇", ""], Outcome::Contradictory, "//")]
#[case::elsewhere_in_the_district(["朝阳区", "东风乡", "和平社区"], Outcome::Contradictory, "1//")]
#[case::nowhere(["海淀区", "无此街道", ""], Outcome::Unknown, "2//")]
#[case::no_stem_below_the_unknown(["外省", "东风", ""], Outcome::Unknown, "//")]
#[case::a_name_below_the_unknown(["外省", "海淀镇", ""], Outcome::Matched, "2/23/")]
#[case::smallest_only(["", "", "恩济里社区居委会"], Outcome::Matched, "2/21/211")]
#[case::a_village(["朝阳区", "八里庄街道", "和平村"], Outcome::Matched, "1/11/111")]
#[case::nothing(["", " ", ""], Outcome::NotDeclared, "//")]
fn a_declared_place_is_found_or_told(
    #[case] declared: [&str; 3],
    #[case] outcome: Outcome,
    #[case] ids: &str,
) {
    let city = city();
    let place = areas(&city, &[]).find(declared.map(Some), None);
    assert_eq!(
        (place.outcome, made::ids(&city, &place)),
        (outcome, ids.to_owned()),
        "{place:?}"
    );
}

#[test]
fn an_alias_is_a_name_but_the_areas_own_names_are_stronger() {
    let city = city();
    let aliases = [
        (AreaLevel::Subdistrict, "万柳地区", "23"),
        (AreaLevel::Subdistrict, "海淀街道", "23"),
    ];
    let found = areas(&city, &aliases);
    let ids = |name| made::ids(&city, &found.find([None, Some(name), None], None));
    assert_eq!(ids("萬柳地區"), "2/23/");
    assert_eq!(ids("海淀街道"), "2/22/");
    let unknown = Aliases::from([(
        AreaLevel::District,
        [("甲".to_owned(), "9".to_owned())].into(),
    )]);
    assert!(DeclaredAreas::try_new(&city, &unknown).is_err());
}

#[test]
fn names_are_those_of_the_boundaries_of_the_day() {
    let city = made::two_versions();
    let found = areas(&city, &[]);
    let on = |day: &str| found.find([Some("老区"), None, None], day.parse().ok());
    let old = on("2019-01-01");
    assert_eq!(
        old.areas[0].map(|at| city.levels[0].areas[at as usize].valid_to),
        Some("2020-01-01".parse().ok())
    );
    assert_eq!(on("2020-01-01").outcome, Outcome::Unknown);
}

/// Variants of a street's name, as exports have them.
fn variants(name: &str) -> Vec<String> {
    let stem = ["街道", "镇", "乡"]
        .iter()
        .find_map(|class| name.strip_suffix(class))
        .unwrap();
    let wide: String = name
        .chars()
        .map(|c| if c == ' ' { '\u{3000}' } else { c })
        .collect();
    let mut all = vec![
        name.to_owned(),
        format!(" {name}\t"),
        wide,
        stem.to_owned(),
        format!("北京市{name}"),
    ];
    let classes = [
        "街道",
        "街道办事处",
        "街道办",
        "办事处",
        "镇",
        "镇人民政府",
        "乡",
        "乡政府",
        "地区",
        "地区办事处",
        "民族乡",
    ];
    all.extend(classes.map(|class| format!("{stem}{class}")));
    all.push(
        name.replace('门', "門")
            .replace('庄', "莊")
            .replace('东', "東")
            .replace("乡", "鄉")
            .replace("镇", "鎮"),
    );
    all
}

#[test]
fn no_variant_of_beijings_343_townships_is_matched_to_another() {
    let Some(city) = made::beijing() else { return };
    let found = areas(&city, &[]);
    let level = city.level(AreaLevel::Subdistrict).unwrap();
    assert_eq!(level.areas.len(), 343);
    let district = |id: &str| city.levels[0].area(id).unwrap().name.clone();
    let mut very = 0;
    let (mut matched, mut ambiguous, mut single, mut tried, mut own) = (0, 0, 0, 0, 0);
    for (at, area) in level.areas.iter().enumerate() {
        let parent = district(area.parent.as_ref().unwrap());
        for declared in [Some(parent.as_str()), None] {
            for variant in variants(&area.name) {
                tried += 1;
                let place = found.find([declared, Some(&variant), None], None);
                let stands_for = place.areas[1].map(|found| found as usize);
                // Another class of the same stem may be another area's very name.
                let very_name = level.areas.iter().position(|other| {
                    other.name == variant.trim()
                        && other.id != area.id
                        && (declared.is_none() || other.parent == area.parent)
                });
                match place.outcome {
                    Outcome::Matched if stands_for == Some(at) => matched += 1,
                    Outcome::Matched => {
                        assert_eq!(stands_for, very_name, "{variant} in {declared:?}");
                        very += 1;
                    }
                    Outcome::Ambiguous => {
                        let LevelMatch::Ambiguous(candidates) = &place.levels[1] else {
                            panic!("{place:?}")
                        };
                        assert!(
                            candidates.contains(&u32::try_from(at).unwrap()),
                            "{variant}"
                        );
                        ambiguous += 1;
                    }
                    // 张 of 张镇: a single character is no name.
                    Outcome::Unknown if variant.chars().count() == 1 => single += 1,
                    _ => panic!("{variant} in {declared:?}: {place:?}"),
                }
            }
            if declared.is_some() {
                let place = found.find([declared, Some(&area.name), None], None);
                own += usize::from(place.areas[1] == u32::try_from(at).ok());
            }
        }
    }
    println!(
        "{tried} variants: {matched} matched to their own, {ambiguous} ambiguous, {very} are another's very name, {single} of one character unknown; with district {own} of 343"
    );
    assert_eq!(own, 343);
    assert!(matched * 100 > tried * 95, "{matched} of {tried}");
}

#[test]
fn the_names_of_the_statistical_codes_lead_to_their_areas_or_nowhere_else() {
    let Some(city) = made::beijing() else { return };
    let Some(streets) = made::street_codes() else {
        return;
    };
    let found = areas(&city, &[]);
    let level = city.level(AreaLevel::Subdistrict).unwrap();
    let (mut matched, mut open) = (0, Vec::new());
    for (code, name) in &streets {
        let district = format!("{}000000", code.get(..6).unwrap());
        let place = found.find([Some(&district), Some(name), None], None);
        match place.areas[1] {
            Some(at) => {
                assert_eq!(level.areas[at as usize].id, format!("{code}000"), "{name}");
                matched += 1;
            }
            None => open.push(name.as_str()),
        }
    }
    println!("{matched} of {} matched; not: {open:?}", streets.len());
    assert!(matched >= 340);
}

proptest! {
    #[test]
    fn a_match_is_inside_of_every_larger_match(words in prop::collection::vec(prop::sample::select(vec![
        "", "朝阳", "海淀区", "八里庄", "东风乡", "海淀", "和平", "和平村", "新风社区", "恩济里", "x",
    ]), 3)) {
        let city = city();
        let place = areas(&city, &[]).find([Some(words[0]), Some(words[1]), Some(words[2])], None);
        let area = |level: usize| place.areas[level].map(|at| &city.levels[level].areas[at as usize]);
        for level in 1..3 {
            if let Some(smaller) = area(level) {
                prop_assert_eq!(area(level - 1).map(|larger| larger.id.clone()), smaller.parent.clone());
            }
        }
        prop_assert!(place.outcome != Outcome::Matched || place.smallest().is_some());
    }
}
