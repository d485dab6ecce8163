use rstest::rstest;

use super::*;

/// The names that PROJ 9.5.1 writes for the code in the well-known text of `ArcGIS`.
#[rstest]
#[case(4326, "GCS_WGS_1984")]
#[case(4490, "GCS_China_Geodetic_Coordinate_System_2000")]
#[case(4269, "GCS_North_American_1983")]
#[case(4258, "GCS_ETRS_1989")]
#[case(3857, "WGS_1984_Web_Mercator_Auxiliary_Sphere")]
#[case(2263, "NAD_1983_StatePlane_New_York_Long_Island_FIPS_3104_Feet")]
#[case(26986, "NAD_1983_StatePlane_Massachusetts_Mainland_FIPS_2001")]
#[case(2249, "NAD_1983_StatePlane_Massachusetts_Mainland_FIPS_2001_Feet")]
#[case(26971, "NAD_1983_StatePlane_Illinois_East_FIPS_1201")]
#[case(3435, "NAD_1983_StatePlane_Illinois_East_FIPS_1201_Feet")]
#[case(2227, "NAD_1983_StatePlane_California_III_FIPS_0403_Feet")]
#[case(2229, "NAD_1983_StatePlane_California_V_FIPS_0405_Feet")]
#[case(2285, "NAD_1983_StatePlane_Washington_North_FIPS_4601_Feet")]
#[case(2278, "NAD_1983_StatePlane_Texas_South_Central_FIPS_4204_Feet")]
#[case(27700, "British_National_Grid")]
#[case(2326, "Hong_Kong_1980_Grid")]
#[case(3414, "SVY21_Singapore_TM")]
#[case(32650, "WGS_1984_UTM_Zone_50N")]
#[case(32733, "WGS_1984_UTM_Zone_33S")]
#[case(26918, "NAD_1983_UTM_Zone_18N")]
#[case(4549, "CGCS2000_3_Degree_GK_CM_120E")]
#[case(4528, "CGCS2000_3_Degree_GK_Zone_40")]
#[case(4495, "CGCS2000_GK_Zone_17")]
#[case(4508, "CGCS2000_GK_CM_111E")]
#[case(4549, "CGCS2000 / 3-degree Gauss-Kruger CM 120E")]
fn a_name_without_a_code_is_known(#[case] code: u16, #[case] name: &str) {
    let wkt = format!("PROJCS[\"{name}\",GEOGCS[\"GCS\",DATUM[\"D\"]],UNIT[\"Meter\",1.0]]");
    assert_eq!(stated(&wkt).code, Some(code));
    assert_eq!(stated(&wkt).text, name);
}

#[test]
fn the_outermost_code_counts() {
    let old = r#"PROJCS["X (ftUS)",GEOGCS["NAD83",DATUM["N",AUTHORITY["EPSG","6269"]],AUTHORITY["EPSG","4269"]],AUTHORITY["EPSG","2263"]]"#;
    assert_eq!(stated(old).code, Some(2263));
    let new = r#"PROJCRS["X",BASEGEOGCRS["W",ID["EPSG",4326]],CS[Cartesian,2],ID["EPSG",32650]]"#;
    assert_eq!(stated(new).code, Some(32650));
}

#[test]
fn what_is_not_known_stays_open() {
    for wkt in [
        "",
        "PROJCS[\"Local grid\",GEOGCS[\"GCS\"]]",
        "PROJCS[\"CGCS2000_3_Degree_GK_CM_76E\"]",
        "[[[\"",
        "PROJCS[\"WGS_1984_UTM_Zone_61N\"]",
    ] {
        assert_eq!(stated(wkt).code, None, "{wkt}");
    }
    let esri = r#"PROJCS["X",AUTHORITY["ESRI","102718"]]"#;
    assert_eq!(stated(esri).code, None);
}
