use encoding_rs::{GB18030, UTF_8};
use serde_json::{Value, json};

use super::files::{dbf as write_dbf, shp as write_shp, *};
use super::*;

/// The error of a city whose boundaries are in the first file: one line that starts with a file of its folder.
fn refused(files: &[(&str, &[u8])], more: &str) -> String {
    let (folder, read) = city_of(files, more);
    let error = read.unwrap_err().to_string();
    assert!(!error.contains('\n'), "{error}");
    let file = error.split(": ").next().unwrap();
    assert!(Path::new(file).starts_with(folder.path()), "{error}");
    error
}

fn assert_says(error: &str, words: &str) {
    assert!(error.contains(words), "{error}");
}

#[test]
fn bad_sequences_are_refused() {
    let line = features(&areas())[0].to_string();
    let (cut, _) = line.split_at(line.len() - 5);
    let error = refused(&[("a.geojsonl", format!("{line}\n{cut}").as_bytes())], "");
    assert_says(
        &error,
        "a.geojsonl: is not a GeoJSON FeatureCollection: after feature 1: EOF",
    );
    let twice = String::from_utf8(geojson(&areas())).unwrap().repeat(2);
    let error = refused(&[("a.geojson", twice.as_bytes())], "");
    assert_says(&error, "feature 5: has the id \"1\" of feature 1");
    let other = format!("{line}\n{{\"type\": \"FeatureCollection\", \"features\": []}}");
    let error = refused(&[("a.geojson", other.as_bytes())], "");
    assert_says(&error, "after feature 1: another value follows");
    let error = refused(&[("a.geojsonl", b"\x1e\n\n\x1e")], "");
    assert_says(&error, "a.geojsonl: has no features");
}

#[test]
fn bad_topologies_are_refused() {
    let look = |change: &dyn Fn(&mut Value)| {
        let mut topology = topology(&areas());
        change(&mut topology);
        refused(&[("a.topojson", topology.to_string().as_bytes())], "")
    };
    let geometry = |topology: &mut Value, at: usize, key: &str, value: Value| {
        topology["objects"]["areas"]["geometries"][at][key] = value;
    };
    let error = look(&|t| geometry(t, 1, "arcs", json!([[[2, -400]]])));
    assert_says(
        &error,
        "a.topojson: feature 2: a ring names the arc -400, and there are 14 (from 0, or from -1 backwards)",
    );
    let error = look(&|t| geometry(t, 1, "arcs", json!([[2, 3]])));
    assert_says(&error, "feature 2: its arcs cannot be read: invalid type");
    let error = look(&|t| {
        geometry(t, 0, "type", json!("LineString"));
        geometry(t, 0, "arcs", json!([0]));
    });
    assert_says(&error, "feature 1: \"1\" is a LineString, not a Polygon");
    let error = look(&|t| geometry(t, 0, "type", json!("Point")));
    assert_says(&error, "feature 1: \"1\" is a Point, not a Polygon");
    let error = look(&|t| geometry(t, 0, "type", json!(null)));
    assert_says(&error, "feature 1: \"1\" has an empty geometry");
    let error = look(&|t| geometry(t, 0, "arcs", json!([])));
    assert_says(&error, "feature 1: \"1\" has an empty geometry");
    let error = look(&|t| t["arcs"][0] = json!([[1.0]]));
    assert_says(&error, "arcs: a position has two numbers");
    let error = look(&|t| t["objects"] = json!({}));
    assert_says(&error, "a.topojson: has no features");
    let error = look(&|t| t["transform"] = json!({"scale": [1e300, 1e300], "translate": [0, 0]}));
    assert_says(&error, "which is no longitude and latitude");
}

#[test]
fn bad_geoparquet_is_refused() {
    let areas = areas();
    let geometries = || -> Vec<_> { areas.iter().map(|area| wkb(&area.boundary, 0)).collect() };
    let with_geo = |change: &dyn Fn(&mut Value)| {
        let mut geo = geo();
        change(&mut geo);
        refused(
            &[("a.parquet", &parquet(&areas, &geometries(), Some(geo)))],
            "",
        )
    };
    let error = refused(&[("a.parquet", &parquet(&areas, &geometries(), None))], "");
    assert_says(
        &error,
        "a.parquet: is not a readable GeoParquet file: it has no \"geo\" metadata",
    );
    let error = with_geo(&|geo| geo["primary_column"] = json!("shape"));
    assert_says(&error, "do not describe the column \"shape\"");
    let error = with_geo(&|geo| geo["columns"]["geom"]["encoding"] = json!("multipolygon"));
    assert_says(
        &error,
        "the column \"geom\" is encoded as multipolygon, and only WKB is read",
    );
    let error = with_geo(&|geo| geo["columns"]["geom"]["edges"] = json!("spherical"));
    assert_says(&error, "the edges of \"geom\" are spherical");
    let error = with_geo(&|geo| geo["columns"]["geom"]["crs"] = Value::Null);
    assert_says(
        &error,
        "a.parquet: crs: the file says null (unknown); say which system that is",
    );
    let error = with_geo(&|geo| geo["columns"]["geom"]["crs"] = json!({"name": "Local grid"}));
    assert_says(
        &error,
        "crs: the file says Local grid; say which system that is with crs = \"epsg:NNNN\"",
    );

    let with_third = |bytes: Vec<u8>| {
        let mut geometries = geometries();
        geometries[2] = bytes;
        refused(
            &[("a.parquet", &parquet(&areas, &geometries, Some(geo())))],
            "",
        )
    };
    let point = [
        &[1, 1, 0, 0, 0][..],
        &116.4_f64.to_le_bytes(),
        &39.9_f64.to_le_bytes(),
    ]
    .concat();
    let error = with_third(point);
    assert_says(
        &error,
        "a.parquet: feature 3: \"3\" is a Point, not a Polygon or MultiPolygon",
    );
    let whole = wkb(&areas[2].boundary, 1);
    assert_says(
        &with_third(whole[..40].to_vec()),
        "row 3: the geometry's bytes end too early",
    );
    assert_says(
        &with_third(vec![7, 0, 0, 0, 0]),
        "row 3: the geometry's byte order is 7",
    );
    assert_says(
        &with_third(vec![1, 99, 0, 0, 0]),
        "row 3: the geometry has the type number 99",
    );
    let longer = [whole.as_slice(), b"xx"].concat();
    assert_says(&with_third(longer), "row 3: 2 bytes follow the geometry");

    let good = geoparquet(&areas);
    let error = refused(&[("a.parquet", &good[..good.len() / 2])], "");
    assert_says(&error, "a.parquet: is not a readable GeoParquet file: ");
    let error = refused(&[("a.parquet", &geojson(&areas))], "");
    assert_says(&error, "a.parquet: is not a readable GeoParquet file: ");
}

#[test]
fn bad_shapefiles_are_refused() {
    let (shp, dbf) = (shp(&areas()), dbf(&areas(), UTF_8));
    let error = refused(&[("a.shp", &shp)], "");
    assert_says(
        &error,
        "a.shp: is not a readable shapefile: the .dbf with its attributes is missing",
    );
    let error = refused(&[("a.shp", &shp[..shp.len() - 30]), ("a.dbf", &dbf)], "");
    assert_says(
        &error,
        "a.shp: is not a readable shapefile: .shp: shape 4: ",
    );
    let error = refused(&[("a.shp", &shp), ("a.dbf", &dbf[..dbf.len() - 30])], "");
    assert_says(&error, "shapefile: .dbf: it ends too early");
    let error = refused(&[("a.shp", &shp), ("a.dbf", &dbf[..50])], "");
    assert_says(&error, "shapefile: .dbf: it ends too early");
    let fewer = write_dbf(&areas()[..3], UTF_8);
    let error = refused(&[("a.shp", &shp), ("a.dbf", &fewer)], "");
    assert_says(&error, "the .dbf ends before shape 4");
    let shapes = write_shp(&areas()[..3]);
    let error = refused(&[("a.shp", &shapes), ("a.dbf", &dbf)], "");
    assert_says(&error, "the .dbf has 1 rows more than shapes");
    let gbk = write_dbf(&areas(), GB18030);
    let error = refused(&[("a.shp", &shp), ("a.dbf", &gbk), ("a.cpg", b"UTF-8")], "");
    assert_says(&error, ".dbf: record 1: the text of name is not UTF-8");
    let error = refused(
        &[("a.shp", &shp), ("a.dbf", &gbk), ("a.cpg", b"KLINGON")],
        "",
    );
    assert_says(
        &error,
        ".dbf: the encoding \"KLINGON\" of the .cpg file is not known",
    );
    let prj = b"PROJCS[\"Beijing_Local\",GEOGCS[\"GCS\"]]";
    let error = refused(&[("a.shp", &shp), ("a.dbf", &dbf), ("a.prj", prj)], "");
    assert_says(
        &error,
        "a.shp: crs: the file says Beijing_Local; say which system that is",
    );
    let prj = b"PROJCS[\"WGS_1984_UTM_Zone_50N\"]";
    let error = refused(
        &[("a.shp", &shp), ("a.dbf", &dbf), ("a.prj", prj)],
        "crs = \"gcj02\"",
    );
    assert_says(
        &error,
        "a.shp: crs: the file says WGS_1984_UTM_Zone_50N, the city file gcj02",
    );
    let error = refused(&[("a.shp", &geojson(&areas())), ("a.dbf", &dbf)], "");
    assert_says(&error, "a.shp: is not a readable shapefile: .shp: ");
    let error = refused(&[("a.shp", b""), ("a.dbf", &dbf)], "");
    assert_says(&error, "a.shp: is empty");
}

#[test]
fn bad_archives_are_refused() {
    let (shp, dbf) = (shp(&areas()), dbf(&areas(), UTF_8));
    let whole = zip(&[("a.shp", shp.clone()), ("a.dbf", dbf.clone())]);
    for left in [10, whole.len() / 2, whole.len() - 10] {
        let error = refused(&[("a.zip", &whole[..left])], "");
        assert_says(&error, "a.zip: is not a readable zip archive: ");
    }
    let mut damaged = whole.clone();
    let middle = 60;
    damaged[middle] ^= 0xff;
    let error = refused(&[("a.zip", &damaged)], "");
    assert_says(&error, "a.zip: is not a readable ");
    let error = refused(&[("a.zip", &zip(&[("a.shp", shp.clone())]))], "");
    assert_says(
        &error,
        "a.zip: is not a readable shapefile: the .dbf with its attributes is missing",
    );
    let error = refused(&[("a.zip", &zip(&[("readme.txt", b"x".to_vec())]))], "");
    assert_says(
        &error,
        "a.zip: is not a readable zip archive: it holds no .shp",
    );
    let two = zip(&[
        ("a.shp", shp.clone()),
        ("a.dbf", dbf.clone()),
        ("b.shp", shp),
        ("b.dbf", dbf),
    ]);
    let error = refused(&[("a.zip", &two)], "");
    assert_says(
        &error,
        "a.zip: has several layers (a, b); say which one with object",
    );
    let error = refused(&[("a.zip", &geojson(&areas()))], "");
    assert_says(&error, "a.zip: is not a readable zip archive: ");
    let error = refused(&[("a.geojson", &whole)], "");
    assert_says(
        &error,
        "a.geojson: its name says JSON, its content is a zip archive",
    );
}
