use rstest::rstest;

use super::*;

/// Easting, northing, and the longitude and latitude that PROJ 9.5.1 (pyproj 3.7.2) gives for them in the geographic system of the
/// same datum, three random positions for each code.
const PROJ: [(u16, f64, f64, f64, f64); 30] = [
    (
        2263,
        963_856.705,
        117_991.112,
        -74.073_317_066_195_27,
        40.490_509_504_645_736,
    ),
    (
        2263,
        1_027_575.961,
        100_880.554,
        -73.844_345_869_690_43,
        40.443_461_772_494_78,
    ),
    (
        2263,
        1_005_103.79,
        164_954.309,
        -73.924_882_597_871_69,
        40.619_413_349_233_774,
    ),
    (
        26986,
        218_881.852,
        894_746.729,
        -71.271_000_543_537_06,
        42.302_974_294_312_4,
    ),
    (
        26986,
        218_044.977,
        891_466.027,
        -71.281_252_173_790_5,
        42.273_458_274_129_32,
    ),
    (
        26986,
        219_421.652,
        876_233.362,
        -71.265_072_286_232_41,
        42.136_285_207_779_75,
    ),
    (
        3435,
        1_144_054.778,
        1_948_031.374,
        -87.745_288_485_929_4,
        42.013_426_062_760_04,
    ),
    (
        3435,
        1_095_543.765,
        1_837_769.079,
        -87.925_718_823_372_86,
        41.711_619_483_093_45,
    ),
    (
        3435,
        1_176_958.118,
        1_970_302.879,
        -87.623_540_065_535_78,
        42.073_854_472_465_57,
    ),
    (
        4549,
        542_289.077,
        3_430_138.375,
        120.442_757_372_593_38,
        30.991_701_187_356_604,
    ),
    (
        4549,
        638_846.513,
        3_333_898.994,
        121.440_637_768_620_35,
        30.116_456_701_190_685,
    ),
    (
        4549,
        609_781.732,
        3_400_938.629,
        121.146_171_151_084_66,
        30.724_023_214_946_875,
    ),
    (
        4528,
        40_438_492.629,
        3_352_931.143,
        119.360_637_704_677_36,
        30.294_480_596_137_8,
    ),
    (
        4528,
        40_478_389.84,
        3_546_345.84,
        119.771_204_559_146_97,
        32.040_315_897_694_24,
    ),
    (
        4528,
        40_447_895.398,
        3_481_440.951,
        119.451_815_954_915_8,
        31.454_000_411_285_598,
    ),
    (
        3857,
        5_845_012.051,
        -1_725_217.491,
        52.506_636_612_760_914,
        -15.312_294_873_813_403,
    ),
    (
        3857,
        3_104_812.557,
        -6_884_703.109,
        27.891_005_742_793_126,
        -52.465_323_003_462_295,
    ),
    (
        3857,
        -11_566_950.485,
        -4_202_673.061,
        -103.907_684_113_292_09,
        -35.284_954_460_605_87,
    ),
    (
        32650,
        562_235.454,
        4_348_405.547,
        117.721_599_897_952_07,
        39.282_776_921_153_506,
    ),
    (
        32650,
        436_317.649,
        4_401_016.49,
        116.256_588_680_325_98,
        39.756_685_594_203_08,
    ),
    (
        32650,
        483_761.647,
        4_305_618.666,
        116.812_737_508_495_79,
        38.899_300_989_084_53,
    ),
    (
        3414,
        37_517.213,
        26_683.32,
        103.918_833_586_767_11,
        1.257_587_550_495_361_5,
    ),
    (
        3414,
        45_888.784,
        22_926.988,
        103.994_052_455_766,
        1.223_613_154_603_810_5,
    ),
    (
        3414,
        27_122.852,
        37_059.58,
        103.825_436_846_704_85,
        1.351_428_186_489_544_3,
    ),
    (
        2154,
        660_525.161,
        6_855_027.809,
        2.462_643_340_466_107,
        48.794_124_252_333_65,
    ),
    (
        2154,
        656_624.42,
        6_864_416.901,
        2.408_588_609_090_013,
        48.878_310_965_873_645,
    ),
    (
        2154,
        654_048.811,
        6_859_827.653,
        2.373_968_561_884_881_4,
        48.836_861_600_818_196,
    ),
    (
        3347,
        7_191_807.593,
        925_893.024,
        -79.781_949_660_586_1,
        43.684_678_118_149_11,
    ),
    (
        3347,
        7_204_233.764,
        912_316.14,
        -79.665_561_297_298_18,
        43.546_838_320_169_99,
    ),
    (
        3347,
        7_191_527.943,
        940_041.811,
        -79.752_836_460_970_57,
        43.807_293_198_474_57,
    ),
];

#[test]
fn projections_are_inverted_as_proj_does_it() {
    let mut worst = 0.0_f64;
    for (code, x, y, lon, lat) in PROJ {
        let crs = SourceCrs::of_epsg(code).unwrap();
        let (got_lon, got_lat) = crs.to_wgs84(x, y).unwrap();
        worst = worst.max((got_lon - lon).abs()).max((got_lat - lat).abs());
    }
    println!("largest difference: {worst:e} degrees");
    assert!(worst < 1e-9, "{worst:e}");
}

/// PROJ's way to EPSG:4326, which chooses the best of the transformations that the authorities publish, where the proj strings have
/// the one that is for the whole country.
#[rstest]
#[case::hong_kong(
    2326,
    840_729.976,
    829_874.387,
    114.220_209_642_083_8,
    22.408_168_032_069_06,
    1e-7
)]
#[case::london(27700, 511_500.672, 178_681.907, -0.395_186_384_575_741_9, 51.496_092_722_783_864, 4e-5)]
#[case::amsterdam(
    28992,
    131_115.248,
    499_464.111,
    5.035_605_059_558_612,
    52.482_378_276_587_9,
    1e-5
)]
#[case::zurich(
    21781,
    682_105.895,
    261_290.227,
    8.528_295_916_411_974,
    47.497_241_049_626_92,
    1e-5
)]
fn a_datum_that_the_definition_shifts_comes_to_wgs84(
    #[case] code: u16,
    #[case] x: f64,
    #[case] y: f64,
    #[case] lon: f64,
    #[case] lat: f64,
    #[case] within_deg: f64,
) {
    let (got_lon, got_lat) = SourceCrs::of_epsg(code).unwrap().to_wgs84(x, y).unwrap();
    let off = (got_lon - lon).abs().max((got_lat - lat).abs());
    assert!(off < within_deg, "{off:e}");
}

#[rstest]
#[case::no_code("epsg:")]
#[case::no_number("epsg:4549x")]
#[case::too_large("epsg:102100")]
#[case::word("WGS84")]
fn a_word_that_is_no_system_is_refused(#[case] word: &str) {
    assert_eq!(
        word.parse::<SourceCrs>(),
        Err(CrsError::Word(word.to_owned()))
    );
}

#[test]
fn codes_that_cannot_be_computed_are_refused_with_the_reason() {
    let refused = |code| SourceCrs::of_epsg(code).unwrap_err().to_string();
    assert!(refused(1).contains("epsg:1 is not in the EPSG register"));
    // Xian 1980 and NAD 27: no shift in the definition, and a grid.
    assert!(refused(2327).contains("epsg:2327 is on a datum"));
    assert!(refused(26718).contains("epsg:26718 is on a datum"));
    // WGS 84 as coordinates from the middle of the earth.
    let geocentric = refused(4978);
    assert!(geocentric.starts_with("epsg:4978"), "{geocentric}");
}

#[test]
fn words_and_codes_name_the_same_systems() {
    for word in ["wgs84", "cgcs2000", "gcj02", "bd09", "epsg:4549"] {
        assert_eq!(word.parse::<SourceCrs>().unwrap().to_string(), word);
    }
    assert_eq!(SourceCrs::of_epsg(4326).unwrap(), SourceCrs::default());
    assert!(SourceCrs::of_epsg(2263).unwrap().is_projected());
    assert!(SourceCrs::of_epsg(2263).unwrap().is_near());
    assert!(!SourceCrs::of_epsg(4549).unwrap().is_near());
    // NAD 83 in degrees: longitude before latitude, and nothing moves.
    let nad83 = SourceCrs::of_epsg(4269).unwrap();
    assert!(!nad83.is_projected());
    let (lon, lat) = nad83.to_wgs84(-71.06, 42.36).unwrap();
    assert!((lon + 71.06).abs() < 1e-12 && (lat - 42.36).abs() < 1e-9);
}

#[test]
fn what_is_no_position_of_the_system_is_refused() {
    let to = |word: &str, x, y| word.parse::<SourceCrs>().unwrap().to_wgs84(x, y);
    assert_eq!(to("wgs84", 440_000.0, 4e6), Err(PositionError::NotDegrees));
    assert_eq!(to("gcj02", f64::NAN, 40.0), Err(PositionError::NotDegrees));
    assert_eq!(
        to("epsg:4269", 440_000.0, 4e6),
        Err(PositionError::NotDegrees)
    );
    assert!(to("epsg:4549", f64::NAN, 4e6).is_err());
    assert!(to("epsg:4549", 1e30, 4e6).is_err());
    // Northing before easting, as the register has it for these systems.
    assert!(to("epsg:4549", 3_430_138.375, 542_289.077).is_err());
    assert!(to("epsg:4528", 3_352_931.143, 40_438_492.629).is_err());
    // The zone's number before the easting, in a system that has none.
    assert!(matches!(
        to("epsg:4549", 40_438_492.629, 3_352_931.143),
        Err(PositionError::Far { .. } | PositionError::NotProjected(_))
    ));
}
