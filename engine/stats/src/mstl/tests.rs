use super::*;
use crate::stl::tests::{at_five, series};

/// Golden numbers: `MSTL(y, periods=(24, 168)).fit()` of statsmodels 0.15.0.
#[test]
fn two_seasons_are_those_of_statsmodels() {
    let fit = mstl(&series(), &MstlParameters::new([24, 168])).unwrap();
    assert_eq!(fit.seasons[0].0, 24);
    at_five(
        &fit.seasons[0].1,
        [
            -0.452_930_764_284_689_65,
            0.845_695_469_426_961_6,
            2.684_621_101_325_631,
            -3.232_698_975_164_187_2,
            5.046_264_768_856_382,
        ],
    );
    at_five(
        &fit.seasons[1].1,
        [
            0.485_889_730_709_223_37,
            3.889_594_635_168_238_2,
            -2.111_392_727_892_123,
            3.149_261_941_274_659_6,
            1.007_606_241_146_988_4,
        ],
    );
    at_five(
        &fit.trend,
        [
            22.545_595_921_552_934,
            22.555_214_026_923_28,
            23.027_540_042_408_923,
            25.827_883_242_764_94,
            29.285_450_307_036_065,
        ],
    );
    let strengths = fit.seasonal_strengths();
    assert!(strengths[0].1.unwrap() > 0.8 && strengths[1].1.unwrap() > 0.5);
}

#[test]
fn a_period_that_does_not_fit_twice_is_left_out() {
    let fit = mstl(&series(), &MstlParameters::new([24, 400])).unwrap();
    assert_eq!(fit.seasons.len(), 1);
    assert!(mstl(&series(), &MstlParameters::new([400])).is_err());
    assert!(mstl(&series(), &MstlParameters::new([])).is_err());
    assert!(mstl(&series(), &MstlParameters::new([24, 24])).is_err());
}
