use super::*;

#[test]
fn a_regression_on_time_agrees_with_r() {
    // R 4.2.2: x <- 0:9; y <- c(2,3,6,7,8,9,10,12,15,20); summary(glm(y ~ x, family = quasipoisson))
    let response = [2.0, 3.0, 6.0, 7.0, 8.0, 9.0, 10.0, 12.0, 15.0, 20.0];
    let values: Vec<f64> = (0..10).flat_map(|x| [1.0, f64::from(x)]).collect();
    let design = Design {
        values: &values,
        columns: 2,
        response: &response,
        weights: None,
        offset: None,
    };
    let fit = quasi_poisson(&design).unwrap();
    let expected: [f64; 4] = GOLDEN_TIME;
    assert!(
        (fit.coefficients[0] - expected[0]).abs() < 1e-7,
        "{:?}",
        fit.coefficients
    );
    assert!((fit.coefficients[1] - expected[1]).abs() < 1e-7);
    assert!(
        (fit.dispersion - expected[2]).abs() < 1e-6,
        "{}",
        fit.dispersion
    );
    assert!((fit.standard_error(&[0.0, 1.0], fit.dispersion).unwrap() - expected[3]).abs() < 1e-6);
    assert!((fit.leverage.iter().sum::<f64>() - 2.0).abs() < 1e-9);
    assert_eq!(fit.freedom, 8);
    assert_eq!(fit.standard_error(&[1.0], 1.0), None);
}

const GOLDEN_TIME: [f64; 4] = [
    1.154_252_347_768_46,
    0.200_855_645_990_87,
    0.189_393_969_411_27,
    0.017_393_353_933_03,
];

#[test]
fn a_level_of_zeros_has_a_mean_near_zero() {
    let response = [3.0, 5.0, 4.0, 0.0, 0.0, 0.0];
    let values: Vec<f64> = (0..6)
        .flat_map(|row| if row < 3 { [1.0, 0.0] } else { [0.0, 1.0] })
        .collect();
    let design = Design {
        values: &values,
        columns: 2,
        response: &response,
        weights: None,
        offset: None,
    };
    let fit = quasi_poisson(&design).unwrap();
    assert!((fit.fitted[0] - 4.0).abs() < 1e-7 && fit.fitted[3] < 1e-6);
    assert!((fit.leverage[5] - 1.0 / 3.0).abs() < 1e-9);
}

#[test]
fn offsets_and_weights_do_what_they_say() {
    // Twice the people, twice the cases: the rate is 2 everywhere; a row that counts three times is three rows.
    let offset: Vec<f64> = [1.0_f64, 2.0, 4.0]
        .iter()
        .map(|people| people.ln())
        .collect();
    let design = Design {
        values: &[1.0, 1.0, 1.0],
        columns: 1,
        response: &[1.0, 4.0, 10.0],
        weights: Some(&[3.0, 1.0, 1.0]),
        offset: Some(&offset),
    };
    let fit = quasi_poisson(&design).unwrap();
    assert!((fit.coefficients[0].exp() - 17.0 / 9.0).abs() < 1e-9);
}

#[test]
fn what_cannot_be_fitted_says_why() {
    let fit = |values: &[f64], columns, response: &[f64]| {
        quasi_poisson(&Design {
            values,
            columns,
            response,
            weights: None,
            offset: None,
        })
        .unwrap_err()
    };
    let twice = [1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0];
    assert_eq!(
        fit(&twice, 2, &[1.0, 2.0, 3.0, 4.0]),
        GlmError::Singular { column: 1 }
    );
    assert!(matches!(fit(&[], 0, &[]), GlmError::Shape { .. }));
    assert!(matches!(fit(&[1.0], 1, &[1.0]), GlmError::Shape { .. }));
    assert_eq!(
        fit(&[1.0, 1.0], 1, &[1.0, -1.0]),
        GlmError::Value { row: 1 }
    );
    assert_eq!(
        fit(&[1.0, f64::NAN], 1, &[1.0, 1.0]),
        GlmError::Value { row: 1 }
    );
}
