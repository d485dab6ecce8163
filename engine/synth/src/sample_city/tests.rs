use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use geo::{Area, Contains, Point};
use rand::Rng;
use rstest::rstest;

use super::*;

fn small() -> SampleCity {
    sample_city(3, &SampleCitySpec::with_communities(260)).expect("a small city")
}

fn full() -> SampleCity {
    sample_city(SampleCity::SEED, &SampleCitySpec::default()).expect("the sample city")
}

type Node = [i64; 2];

/// The vertices as whole millionths of a degree: what the coordinates are printed as, and exact to reckon with.
fn rings(area: &SampleArea) -> Vec<Vec<Node>> {
    let node = |c: &geo::Coord| {
        let node = [c.x, c.y].map(|degrees| (degrees * 1e6).round());
        assert_eq!(
            [c.x, c.y].map(f64::to_bits),
            node.map(|micro| (micro / 1e6).to_bits())
        );
        #[expect(clippy::cast_possible_truncation, reason = "degrees are below 180")]
        node.map(|micro| micro as i64)
    };
    let polygons = area.geometry.iter();
    polygons
        .flat_map(|polygon| std::iter::once(polygon.exterior()).chain(polygon.interiors()))
        .map(|ring| ring.coords().map(node).collect())
        .collect()
}

/// Twice the area in square millionths of a degree.
fn doubled_area(area: &SampleArea) -> i128 {
    let of_ring = |ring: &Vec<Node>| -> i128 {
        let cross = |p: &[Node]| {
            i128::from(p[0][0]) * i128::from(p[1][1]) - i128::from(p[1][0]) * i128::from(p[0][1])
        };
        ring.windows(2).map(cross).sum()
    };
    rings(area).iter().map(of_ring).sum()
}

fn levels(city: &SampleCity) -> [&Vec<SampleArea>; 3] {
    [&city.districts, &city.subdistricts, &city.communities]
}

fn proves_a_partition(city: &SampleCity) {
    let mut outline = None;
    for areas in levels(city) {
        let mut steps: HashSet<(Node, Node)> = HashSet::new();
        for area in areas {
            assert!(
                area.geometry.is_valid(),
                "{} {:?}",
                area.code,
                area.geometry.validation_errors()
            );
            for ring in rings(area) {
                for step in ring.windows(2) {
                    assert!(
                        steps.insert((step[0], step[1])),
                        "{} goes twice over {step:?}",
                        area.code
                    );
                }
            }
        }
        // A step without its opposite is on the city's outline, which all levels share.
        let open: HashSet<_> = steps
            .iter()
            .filter(|(a, b)| !steps.contains(&(*b, *a)))
            .copied()
            .collect();
        assert_is_one_ring(&open);
        assert_eq!(outline.get_or_insert(open.clone()), &open);
    }
    for pair in levels(city).windows(2) {
        let mut sums: HashMap<&str, i128> = HashMap::new();
        for part in pair[1] {
            let area = doubled_area(part);
            assert!(area > 0, "{} runs clockwise", part.code);
            *sums.entry(part.parent.as_str()).or_default() += area;
        }
        for whole in pair[0] {
            assert_eq!(
                doubled_area(whole),
                sums[whole.code.as_str()],
                "{}",
                whole.code
            );
            let parts: f64 = pair[1]
                .iter()
                .filter(|part| part.parent == whole.code)
                .map(|part| part.geometry.unsigned_area())
                .sum();
            approx::assert_relative_eq!(whole.geometry.unsigned_area(), parts, max_relative = 1e-9);
        }
    }
}

fn assert_is_one_ring(steps: &HashSet<(Node, Node)>) {
    let next: HashMap<Node, Node> = steps.iter().copied().collect();
    assert_eq!(next.len(), steps.len(), "the outline touches itself");
    let start = *next.keys().min().expect("a city has an outline");
    let mut at = next[&start];
    let mut walked = 1;
    while at != start {
        at = next[&at];
        walked += 1;
    }
    assert_eq!(walked, steps.len(), "the outline has several rings");
}

#[test]
fn areas_of_a_small_city_are_a_partition_at_every_level() {
    proves_a_partition(&small());
}

#[test]
fn the_committed_sample_city_is_what_its_seed_gives_and_a_partition() {
    let city = full();
    proves_a_partition(&city);
    assert_eq!(levels(&city).map(Vec::len), [16, 343, 7000]);
    let folder =
        Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("../../data/sample-city");
    for (path, bytes) in write_files(&city) {
        assert!(bytes.len() < 1 << 20, "{path} has {} bytes", bytes.len());
        let committed = std::fs::read(folder.join(&path)).expect("the committed file");
        assert!(committed == bytes, "{path} is not what the seed gives");
    }
}

#[test]
fn a_point_lies_in_exactly_one_community_and_in_that_ones_parents() {
    let city = small();
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut inside = 0;
    for _ in 0..3000 {
        let point = Point::new(rng.random_range(115.6..117.2), rng.random_range(39.3..40.5));
        let [districts, subdistricts, communities] = levels(&city).map(|areas| {
            let holders = areas.iter().filter(|area| area.geometry.contains(&point));
            holders.map(|area| area.code.clone()).collect::<Vec<_>>()
        });
        assert!(communities.len() <= 1, "{point:?} is in {communities:?}");
        let parent = |code: &String, digits: usize| code.chars().take(digits).collect::<String>();
        assert_eq!(
            subdistricts,
            communities.iter().map(|c| parent(c, 9)).collect::<Vec<_>>()
        );
        assert_eq!(
            districts,
            communities.iter().map(|c| parent(c, 6)).collect::<Vec<_>>()
        );
        inside += communities.len();
    }
    assert!(
        (300..2700).contains(&inside),
        "{inside} of 3000 points lie in the city"
    );
}

#[test]
fn borders_are_curved() {
    let city = small();
    let vertices: usize = city
        .communities
        .iter()
        .flat_map(rings)
        .map(|ring| ring.len() - 1)
        .sum();
    // A straight Voronoi cell has six vertices on average.
    assert!(
        vertices > 14 * city.communities.len(),
        "{vertices} vertices"
    );
}

#[test]
fn residents_add_up_and_reach_the_number_asked_for() {
    let city = small();
    for pair in levels(&city).windows(2) {
        let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
        for part in pair[1] {
            *sums.entry(part.parent.as_str()).or_default() += part.population;
        }
        for whole in pair[0] {
            assert_eq!(whole.population, sums[whole.code.as_str()]);
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "millions")]
    let all = city.districts.iter().map(|d| d.population).sum::<u64>() as f64;
    approx::assert_relative_eq!(all, city.spec.population, max_relative = 1e-3);
}

#[test]
fn codes_nest_and_names_are_unique_in_their_parent_and_repeat_across_the_city() {
    let city = full();
    for (areas, digits) in levels(&city).into_iter().zip([6, 9, 12]) {
        assert!(
            areas.is_sorted_by(|a, b| a.code < b.code),
            "codes ascend, so they are unique"
        );
        let mut names = HashSet::new();
        for area in areas {
            assert!(area.code.len() == digits && area.code.bytes().all(|b| b.is_ascii_digit()));
            assert!(digits == 6 || area.code.starts_with(&area.parent));
            assert!(
                names.insert((&area.parent, &area.name)),
                "{} twice",
                area.name
            );
            assert!(area.name_en.is_ascii() && !area.name.is_ascii());
        }
    }
    let names: HashSet<_> = city.subdistricts.iter().map(|area| &area.name).collect();
    let repeated = city.subdistricts.len() - names.len();
    assert!((1..60).contains(&repeated), "{repeated} names occur again");
    let serial = |area: &SampleArea, from: usize| area.code.get(from..).unwrap().parse::<u32>();
    for area in &city.subdistricts {
        let range = match area.name.chars().last() {
            Some('道') => 1..100,
            Some('镇') => 100..200,
            _ => 200..400,
        };
        assert!(
            range.contains(&serial(area, 6).unwrap()),
            "{} {}",
            area.code,
            area.name
        );
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let spec = SampleCitySpec::with_communities(60);
    let bytes = |seed| write_files(&sample_city(seed, &spec).unwrap());
    assert_eq!(bytes(1), bytes(1));
    assert_ne!(bytes(1)[3], bytes(2)[3]);
}

#[test]
fn files_hold_the_coordinates_to_the_last_bit_in_gzip_without_a_time() {
    let city = small();
    let files = write_files(&city);
    let toml: toml::Table = str::from_utf8(&files[0].1).unwrap().parse().unwrap();
    assert_eq!(toml["name"].as_str(), Some("汀澜市"));
    for ((level, (path, bytes)), areas) in toml["level"]
        .as_array()
        .unwrap()
        .iter()
        .zip(&files[1..])
        .zip(levels(&city))
    {
        assert_eq!(level["boundary"][0]["file"].as_str(), Some(path.as_str()));
        assert_eq!(bytes[..8], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
        let (body, trailer) = bytes[10..]
            .split_last_chunk::<8>()
            .map(|(b, t)| (b, *t))
            .unwrap();
        let text = miniz_oxide::inflate::decompress_to_vec(body).unwrap();
        let [a, b, c, d, ..] = trailer;
        assert_eq!(crc32fast::hash(&text), u32::from_le_bytes([a, b, c, d]));
        let collection: serde_json::Value = serde_json::from_slice(&text).unwrap();
        for (feature, area) in collection["features"].as_array().unwrap().iter().zip(areas) {
            assert_eq!(feature["properties"]["code"], area.code.as_str());
            let ring = &feature["geometry"]["coordinates"][0];
            let exterior = area.geometry.0[0].exterior();
            for (vertex, c) in ring.as_array().unwrap().iter().zip(exterior.coords()) {
                let read = [&vertex[0], &vertex[1]].map(|n| n.as_f64().unwrap().to_bits());
                assert_eq!(read, [c.x, c.y].map(f64::to_bits));
            }
        }
    }
}

#[rstest]
#[case::one_area([1, 1, 1])]
#[case::one_of_each_level_below_two([2, 2, 2])]
#[case::few([2, 5, 40])]
#[case::one_subdistrict([1, 1, 300])]
fn any_nesting_numbers_give_a_partition(#[case] counts: [usize; 3]) {
    let [districts, subdistricts, communities] = counts;
    let spec = SampleCitySpec {
        districts,
        subdistricts,
        communities,
        ..SampleCitySpec::default()
    };
    let city = sample_city(9, &spec).unwrap();
    assert_eq!(levels(&city).map(Vec::len), counts);
    proves_a_partition(&city);
}

#[rstest]
#[case(SampleCitySpec { districts: 0, ..SampleCitySpec::default() }, "do not nest")]
#[case(SampleCitySpec { subdistricts: 8000, ..SampleCitySpec::default() }, "do not nest")]
#[case(SampleCitySpec { centre: (0.0, 89.0), ..SampleCitySpec::default() }, "does not fit")]
#[case(SampleCitySpec { radius_km: f64::NAN, ..SampleCitySpec::default() }, "does not fit")]
#[case(SampleCitySpec { population: -1.0, ..SampleCitySpec::default() }, "no population")]
#[case(
    SampleCitySpec { districts: 1, subdistricts: 1, communities: 1200, ..SampleCitySpec::default() },
    "three digits"
)]
fn a_spec_that_cannot_be_is_refused(#[case] spec: SampleCitySpec, #[case] says: &str) {
    let refused = sample_city(1, &spec).unwrap_err().to_string();
    assert!(refused.contains(says), "{refused}");
}
