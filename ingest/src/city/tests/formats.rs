use encoding_rs::{GB18030, UTF_8};
use serde_json::json;

use super::files::*;
use super::*;

const PRJ: &str = "GEOGCS[\"GCS_WGS_1984\",DATUM[\"D_WGS_1984\"]]";

/// Files by name; the first has the boundaries.
type Files<'a> = &'a [(&'a str, &'a [u8])];

/// What GeoJSON says of the areas.
fn from_geojson() -> Vec<Said> {
    let (_folder, read) = city_of(&[("a.geojson", &geojson(&areas()))], "");
    let said = said(read.unwrap().0.largest().latest());
    assert_eq!(said.len(), 4);
    said
}

/// Reads one file, with others beside it, and holds its areas against those of GeoJSON; the findings' rules come back.
fn same(files: &[(&str, &[u8])], more: &str) -> Vec<FindingRule> {
    let (_folder, read) = city_of(files, more);
    let (city, report) = read.unwrap_or_else(|error| panic!("{}: {error}", files[0].0));
    assert_eq!(
        said(city.largest().latest()),
        from_geojson(),
        "{}",
        files[0].0
    );
    rules(&report)
}

#[test]
fn feature_sequences_give_the_areas_of_geojson() {
    let (mut lines, mut records) = (String::new(), String::new());
    for feature in features(&areas()) {
        lines.extend([feature.to_string().as_str(), "\n"]);
        records.extend(["\u{1e}", format!("{feature:#}").as_str(), "\n"]);
    }
    for name in ["a.geojsonl", "a.ndjson", "a.json"] {
        same(&[(name, lines.as_bytes())], "");
    }
    for name in ["a.geojsonseq", "a.geojson"] {
        same(&[(name, records.as_bytes())], "");
    }
    same(&[("a.geojsonl.gz", &gzip(lines.as_bytes()))], "");
    let zstd = zstd::encode_all(records.as_bytes(), 3).unwrap();
    same(&[("a.geojsonseq.zst", &zstd)], "");
}

#[test]
fn a_topology_gives_the_areas_of_geojson() {
    let mut topology = topology(&areas());
    same(&[("a.topojson", topology.to_string().as_bytes())], "");
    same(&[("a.json.gz", &gzip(topology.to_string().as_bytes()))], "");
    topology["objects"]["roads"] = json!({"type": "LineString", "arcs": [0]});
    let text = topology.to_string();
    same(&[("a.json", text.as_bytes())], "object = \"areas\"");
    let (_folder, read) = city_of(&[("a.json", text.as_bytes())], "");
    let error = read.unwrap_err().to_string();
    assert!(
        error.contains("a.json: has several layers (areas, roads); say which one with object"),
        "{error}"
    );
    let (_folder, read) = city_of(&[("a.json", text.as_bytes())], "object = \"lakes\"");
    let error = read.unwrap_err().to_string();
    assert!(
        error.contains("there is no \"lakes\", it has areas, roads"),
        "{error}"
    );
}

/// Quantised, neighbours share an arc, the id stands beside the properties.
#[test]
fn arcs_on_a_grid_are_walked_forwards_and_backwards() {
    let topology = r#"{"type": "Topology", "transform": {"scale": [0.01, 0.02], "translate": [116.0, 39.0]},
        "arcs": [[[10, 0], [0, 5]], [[10, 5], [-10, 0], [0, -5], [10, 0]], [[10, 0], [10, 0], [0, 5], [-10, 0]]],
        "objects": {"a": {"type": "GeometryCollection", "geometries": [
            {"type": "Polygon", "id": 7, "arcs": [[0, 1]]}, {"type": "Polygon", "id": "8", "arcs": [[2, -1]]}]}}}"#;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.json"), topology).unwrap();
    let path = write_city(&folder, "a.json", "");
    let text = fs::read_to_string(&path).unwrap();
    let text = text
        .replace("\"code\"", "\"id\"")
        .replace("label = \"name\"\npopulation = \"people\"\n", "");
    fs::write(&path, text).unwrap();
    let (city, _) = read_city(&path).unwrap();
    let areas = city.largest().latest();
    assert_eq!((areas[0].id.as_str(), areas[1].id.as_str()), ("7", "8"));
    assert!((areas[0].area_km2 - areas[1].area_km2).abs() < 1e-6);
    let (bbox, other) = (areas[0].bbox, areas[1].bbox);
    assert_eq!((bbox.west, bbox.south, bbox.east), (116.0, 39.0, 116.1));
    assert_eq!((bbox.north, other.west), (39.1, 116.1));
    assert!(areas.iter().all(|area| area.faults.is_empty()));
}

#[test]
fn geoparquet_gives_the_areas_of_geojson() {
    same(&[("a.parquet", &geoparquet(&areas()))], "");
    same(
        &[("a.geoparquet", &geoparquet(&areas()))],
        "crs = \"wgs84\"",
    );
}

#[test]
fn shapefiles_give_the_areas_of_geojson() {
    let (shp, utf8) = (shp(&areas()), dbf(&areas(), UTF_8));
    let gbk = dbf(&areas(), GB18030);
    let [cpg, prj] = [b"UTF-8".as_slice(), PRJ.as_bytes()];
    let found = same(
        &[
            ("a.shp", &shp),
            ("a.dbf", &utf8),
            ("a.cpg", cpg),
            ("a.prj", prj),
        ],
        "",
    );
    assert_eq!(found, []);
    same(
        &[("a.shp", &shp), ("a.DBF", &gbk), ("a.cpg", b"GBK\r\n")],
        "crs = \"wgs84\"",
    );
    same(&[("a.shp", &shp), ("a.dbf", &gbk), ("a.CPG", b"936")], "");
    // What says nothing of its encoding is told by its bytes, and the report says so.
    for dbf in [&utf8, &gbk] {
        assert_eq!(
            same(&[("a.shp", &shp), ("a.dbf", dbf)], ""),
            [FindingRule::Encoding]
        );
    }
    let files = |stem: &str| {
        [
            ("shp", &shp),
            ("dbf", &gbk),
            ("cpg", &b"GB18030".to_vec()),
            ("prj", &prj.to_vec()),
        ]
        .map(|(ending, bytes)| (format!("{stem}.{ending}"), bytes.clone()))
    };
    let archive = |stems: &[&str]| {
        let files: Vec<_> = stems.iter().flat_map(|stem| files(stem)).collect();
        let files: Vec<_> = files
            .iter()
            .map(|(name, bytes)| (name.as_str(), bytes.clone()))
            .collect();
        zip(&files)
    };
    same(
        &[(
            "a.zip",
            &archive(&["folder/areas", "__MACOSX/folder/._areas"]),
        )],
        "",
    );
    same(&[("a.zip", &archive(&["one", "two"]))], "object = \"two\"");
}

/// Rings that turn the wrong way, and holes before their outer ring.
#[test]
fn the_turning_of_rings_does_not_matter() {
    let turned: Vec<_> = areas()
        .into_iter()
        .map(|mut area| {
            for part in &mut area.boundary {
                part.exterior_mut(|ring| ring.0.reverse());
            }
            area
        })
        .collect();
    let mut bytes = shp(&turned);
    same(
        &[
            ("a.shp", &bytes),
            ("a.dbf", &dbf(&areas(), UTF_8)),
            ("a.cpg", b"UTF-8"),
        ],
        "",
    );
    // The number of the shape type sits behind the record's header of eight bytes; in each of its rings the points are reversed
    // in place, so that outer rings turn as holes should.
    let mut at = 100;
    while at < bytes.len() {
        let words = u32::from_be_bytes(bytes[at + 4..at + 8].try_into().unwrap());
        let content = at + 8;
        let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        let (parts, points) = (number(content + 36), number(content + 40));
        let mut starts: Vec<_> = (0..parts)
            .map(|part| number(content + 44 + 4 * part))
            .collect();
        starts.push(points);
        let first = content + 44 + 4 * parts;
        for ring in starts.windows(2) {
            let ring = &mut bytes[first + 16 * ring[0]..first + 16 * ring[1]];
            let reversed: Vec<u8> = ring.chunks(16).rev().flatten().copied().collect();
            ring.copy_from_slice(&reversed);
        }
        at = content + 2 * words as usize;
    }
    same(
        &[
            ("a.shp", &bytes),
            ("a.dbf", &dbf(&areas(), UTF_8)),
            ("a.cpg", b"UTF-8"),
        ],
        "",
    );
}

#[test]
fn a_shapefile_is_copied_with_all_its_files() {
    let (shp, dbf) = (shp(&areas()), dbf(&areas(), GB18030));
    let files: [(&str, &[u8]); 4] = [
        ("a.shp", &shp),
        ("a.DBF", &dbf),
        ("a.cpg", b"GBK"),
        ("a.prj", PRJ.as_bytes()),
    ];
    let (folder, read) = city_of(&files, "");
    let path = folder.path().join("city.toml");
    assert_eq!(super::super::files(&path).unwrap().len(), 5);
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = copy_city(&path, elsewhere.path()).unwrap();
    drop(folder);
    let (city, report) = read_city(&copy).unwrap();
    assert_eq!(city.fingerprint, read.unwrap().0.fingerprint);
    assert_eq!(rules(&report), []);
}

/// Eastings and northings of EPSG:4549 for (119.9 … 120.1, 30.9 … 31.1), as PROJ 9.5.1 gives them to the millimetre.
const GAUSS: [(f64, f64); 4] = [
    (490_439.620, 3_419_891.747),
    (509_560.380, 3_419_891.747),
    (509_540.448, 3_442_065.656),
    (490_459.552, 3_442_065.656),
];

#[test]
fn projected_boundaries_come_to_wgs84() {
    let ring: Vec<_> = GAUSS.to_vec();
    let area = Written {
        code: 1,
        name: "湖",
        people: None,
        boundary: citybrain_grid::geo::MultiPolygon::new(vec![citybrain_grid::geo::Polygon::new(
            ring.into(),
            vec![],
        )]),
    };
    let areas = [area];
    let prj = "PROJCS[\"CGCS2000_3_Degree_GK_CM_120E\",GEOGCS[\"GCS_China_Geodetic_Coordinate_System_2000\"]]";
    let (shp, dbf) = (shp(&areas), dbf(&areas, UTF_8));
    let mut stated = geo();
    stated["columns"]["geom"]["crs"] =
        json!({"type": "ProjectedCRS", "name": "x", "id": {"authority": "EPSG", "code": 4549}});
    let parquet = parquet(&areas, &[wkb(&areas[0].boundary, 0)], Some(stated));
    let geojson = geojson(&areas);
    let member = String::from_utf8(geojson.clone()).unwrap().replace(
        "\"features\"",
        "\"crs\": {\"type\": \"name\", \"properties\": {\"name\": \"urn:ogc:def:crs:EPSG::4549\"}}, \"features\"",
    );
    let key = "crs = \"epsg:4549\"";
    let cases: [(Files<'_>, &str); 6] = [
        (&[("a.geojson", &geojson)], key),
        (&[("a.geojson", member.as_bytes())], ""),
        (&[("a.parquet", &parquet)], ""),
        (&[("a.parquet", &parquet)], key),
        (
            &[("a.shp", &shp), ("a.dbf", &dbf), ("a.prj", prj.as_bytes())],
            "",
        ),
        (&[("a.shp", &shp), ("a.dbf", &dbf)], key),
    ];
    for (files, more) in cases {
        let (_folder, read) = city_of(files, more);
        let (city, report) = read.unwrap();
        let bbox = city.bbox();
        for (got, wanted) in [
            (bbox.west, 119.9),
            (bbox.south, 30.9),
            (bbox.east, 120.1),
            (bbox.north, 31.1),
        ] {
            // Half a millimetre is 5e-9 degrees.
            assert!(
                (got - wanted).abs() < 1.5e-8,
                "{} {got} {wanted}",
                files[0].0
            );
        }
        assert_eq!(report.levels[0].boundaries[0].crs, "epsg:4549");
    }
}

/// 77 areas as published (TopoJSON, quantised) against the GeoJSON that was made of it.
#[test]
fn the_published_topology_of_chicago_gives_its_geojson() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/cities/../../../shared/data/boundaries-chicago");
    let [topology, geojson] = [
        "chicago_community_areas.as-published.topojson.gz",
        "chicago_community_areas.geojson.gz",
    ]
    .map(|name| fs::read(data.join(name)).ok());
    let (Some(topology), Some(geojson)) = (topology, geojson) else {
        println!("skipped: no real data");
        return;
    };
    let read = |name: &str, bytes: &[u8]| {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(name), bytes).unwrap();
        let path = write_city(&folder, name, "");
        let text = fs::read_to_string(&path).unwrap();
        let text = text
            .replace("\"code\"", "\"id\"")
            .replace("label = \"name\"\npopulation = \"people\"\n", "");
        fs::write(&path, text).unwrap();
        read_city(&path).unwrap().0
    };
    let (one, other) = (
        read("a.topojson.gz", &topology),
        read("a.geojson.gz", &geojson),
    );
    let (one, other) = (one.largest().latest(), other.largest().latest());
    assert_eq!((one.len(), other.len()), (77, 77));
    for (one, other) in one.iter().zip(other) {
        assert_eq!(one.id, other.id);
        assert!((one.area_km2 - other.area_km2).abs() < 1e-7, "{}", one.id);
        assert_eq!(one.faults.is_empty(), other.faults.is_empty(), "{}", one.id);
    }
    assert_eq!(
        one.iter().filter(|area| !area.faults.is_empty()).count(),
        13
    );
}
