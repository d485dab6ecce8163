//! Several seasons at once (MSTL): day and week, or week and year.

use crate::stl::{Decomposition, StlError, StlParameters, stl, strength};

/// How a series with several seasons is decomposed.
#[derive(Debug, Clone, PartialEq)]
pub struct MstlParameters {
    /// Bins of each cycle, ascending. One longer than half the series is left out.
    pub periods: Vec<usize>,
    /// Seasonal window for each period: odd. Default 11, 15, 19 …
    pub windows: Option<Vec<usize>>,
    /// Is the seasonal regression a line (default) or a constant? A line through few cycles is an uncertain guide to the next one.
    pub seasonal_line: bool,
    /// Rounds over all periods. Default 2; one period needs one.
    pub rounds: usize,
    /// Robust passes of each STL. Default 0.
    pub outer: usize,
    /// Are curves computed at every tenth of their window and lines drawn between, as R's `stl` does? Ten times as fast; default no.
    pub is_coarse: bool,
}

impl MstlParameters {
    /// The defaults for some periods.
    pub fn new(periods: impl Into<Vec<usize>>) -> Self {
        Self {
            periods: periods.into(),
            windows: None,
            seasonal_line: true,
            rounds: 2,
            outer: 0,
            is_coarse: false,
        }
    }
}

/// A series as seasons + trend + remainder. The remainder of a missing bin is NaN.
#[derive(Debug, Clone, PartialEq)]
pub struct SeveralSeasons {
    /// The periods that were used, ascending, each with its season.
    pub seasons: Vec<(usize, Vec<f64>)>,
    /// The level.
    pub trend: Vec<f64>,
    /// What is left.
    pub remainder: Vec<f64>,
}

impl SeveralSeasons {
    /// `F_S` of each period: `max(0, 1 − Var(R) / Var(S + R))`; `None` when nothing varies.
    pub fn seasonal_strengths(&self) -> Vec<(usize, Option<f64>)> {
        self.seasons
            .iter()
            .map(|(period, season)| (*period, strength(season, &self.remainder, &self.trend)))
            .collect()
    }

    /// `F_T = max(0, 1 − Var(R) / Var(T + R))`; `None` when nothing varies.
    pub fn trend_strength(&self) -> Option<f64> {
        strength(&self.trend, &self.remainder, &self.trend)
    }
}

/// Decomposes a series with several seasons (Bandara, Hyndman & Bergmeir 2021): each season in turn is estimated by STL from what the
/// others leave, shortest period first, and again in every round. Equal to `statsmodels.tsa.seasonal.MSTL` without Box-Cox, to rounding.
///
/// # Errors
/// No period that fits twice, periods that do not ascend, windows that are not one a period; what [`stl`] refuses.
pub fn mstl(values: &[f64], parameters: &MstlParameters) -> Result<SeveralSeasons, StlError> {
    let given = &parameters.periods;
    let refuse = |field, value, rule| Err(StlError::Parameter { field, value, rule });
    if let Some(pair) = given.windows(2).find(|pair| pair[0] >= pair[1]) {
        return refuse("periods", pair[1], "above the one before it");
    }
    if let Some(windows) = &parameters.windows
        && windows.len() != given.len()
    {
        return refuse("windows", windows.len(), "one for each period");
    }
    if parameters.rounds == 0 {
        return refuse("rounds", 0, "at least 1");
    }
    let mut seasons: Vec<(usize, Vec<f64>)> = given
        .iter()
        .filter(|&&period| 2 * period <= values.len())
        .map(|&period| (period, vec![0.0; values.len()]))
        .collect();
    if seasons.is_empty() {
        let (bins, period) = (values.len(), given.first().copied().unwrap_or(0));
        return Err(StlError::TooShort { bins, period });
    }
    let rounds = if seasons.len() == 1 {
        1
    } else {
        parameters.rounds
    };

    let mut rest = values.to_vec();
    let mut trend = Vec::new();
    for _ in 0..rounds {
        for (at, (period, season)) in seasons.iter_mut().enumerate() {
            for (rest, season) in rest.iter_mut().zip(season.iter()) {
                *rest += season;
            }
            let window = parameters
                .windows
                .as_ref()
                .map_or(11 + 4 * at, |windows| windows[at]);
            let Decomposition {
                seasonal,
                trend: level,
                ..
            } = stl(
                &rest,
                &StlParameters {
                    seasonal: window,
                    seasonal_line: parameters.seasonal_line,
                    outer: parameters.outer,
                    jumps: jumps(parameters, *period, window),
                    ..StlParameters::new(*period)
                },
            )?;
            for (rest, season) in rest.iter_mut().zip(&seasonal) {
                *rest -= season;
            }
            *season = seasonal;
            trend = level;
        }
    }
    let remainder = rest.iter().zip(&trend).map(|(x, t)| x - t).collect();
    Ok(SeveralSeasons {
        seasons,
        trend,
        remainder,
    })
}

/// The steps of the seasonal, trend and low-pass curves.
fn jumps(parameters: &MstlParameters, period: usize, seasonal: usize) -> [usize; 3] {
    if !parameters.is_coarse {
        return [1; 3];
    }
    // The trend's window is 1.5 p ÷ (1 − 1.5 ÷ the seasonal one), the low-pass filter's is p.
    let trend = 3 * period * seasonal / (2 * seasonal).saturating_sub(3).max(1);
    [seasonal, trend, period].map(|window| window.div_ceil(10))
}

#[cfg(test)]
mod tests;
