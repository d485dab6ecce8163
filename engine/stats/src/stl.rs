//! Seasonal-trend decomposition by local regression (STL), with missing bins and robust weights.

mod loess;

use loess::{Loess, at, smooth};

/// How a series is decomposed. Windows are odd numbers of bins: a local regression looks at that many neighbours.
#[derive(Debug, Clone, PartialEq)]
pub struct StlParameters {
    /// Bins of a cycle, at least 2.
    pub period: usize,
    /// Window of the seasonal smoother, in cycles: odd, at least 3. Default 7. Small windows let the season change quickly.
    pub seasonal: usize,
    /// Window of the trend smoother. Default: the smallest odd number from `1.5 period / (1 − 1.5 / seasonal)`.
    pub trend: Option<usize>,
    /// Window of the low-pass filter. Default: the smallest odd number above `period`.
    pub low_pass: Option<usize>,
    /// Is the seasonal regression a line (default) or a constant?
    pub seasonal_line: bool,
    /// Regressions are computed at every such bin and joined by lines in between: seasonal, trend, low-pass. Default 1, 1, 1.
    pub jumps: [usize; 3],
    /// Passes of the inner loop. Default 5, or 2 with robust weights.
    pub inner: Option<usize>,
    /// Is the season the same in every cycle (`s.window = "periodic"` of R)? Each phase then has its mean over the cycles. Default no.
    pub is_periodic: bool,
    /// Passes with robust weights, which let single outliers neither into season nor trend. Default 0; 15 is usual.
    pub outer: usize,
}

impl StlParameters {
    /// The defaults for a period.
    pub fn new(period: usize) -> Self {
        Self {
            period,
            seasonal: 7,
            trend: None,
            low_pass: None,
            seasonal_line: true,
            jumps: [1; 3],
            inner: None,
            is_periodic: false,
            outer: 0,
        }
    }
}

/// Why a series could not be decomposed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StlError {
    /// A parameter breaks its rule.
    #[error("{field} is {value}, but must be {rule}")]
    Parameter {
        /// The parameter.
        field: &'static str,
        /// What it was.
        value: usize,
        /// What it must be.
        rule: &'static str,
    },
    /// Less than two cycles.
    #[error("{bins} bins are less than two cycles of {period}")]
    TooShort {
        /// Bins of the series.
        bins: usize,
        /// Bins of a cycle.
        period: usize,
    },
    /// A phase of the cycle, or nearly everything, is missing.
    #[error("of the bins at phase {phase} of the cycle none has a value")]
    NoValues {
        /// The phase, counted from the first bin.
        phase: usize,
    },
}

/// A series as season + trend + remainder; each as long as the series. The remainder of a missing bin is NaN.
#[derive(Debug, Clone, PartialEq)]
pub struct Decomposition {
    /// What repeats.
    pub seasonal: Vec<f64>,
    /// The level.
    pub trend: Vec<f64>,
    /// What is left.
    pub remainder: Vec<f64>,
    /// Robust weights, 0 … 1; all 1 without robust passes.
    pub weights: Vec<f64>,
}

impl Decomposition {
    /// `F_S = max(0, 1 − Var(R) / Var(S + R))` (Wang, Smith & Hyndman 2006); `None` when season and remainder do not vary.
    pub fn seasonal_strength(&self) -> Option<f64> {
        strength(&self.seasonal, &self.remainder, &self.trend)
    }

    /// `F_T = max(0, 1 − Var(R) / Var(T + R))`; `None` when trend and remainder do not vary.
    pub fn trend_strength(&self) -> Option<f64> {
        strength(&self.trend, &self.remainder, &self.trend)
    }
}

/// `max(0, 1 − Var(R) / Var(C + R))` over the bins whose remainder is there; what is 1e-12 of the level is rounding, not variance.
pub(crate) fn strength(component: &[f64], remainder: &[f64], level: &[f64]) -> Option<f64> {
    let (mut n, mut r, mut s) = (0.0, 0.0, 0.0);
    let pairs = || {
        component
            .iter()
            .zip(remainder)
            .filter(|(c, r)| c.is_finite() && r.is_finite())
    };
    for (component, rest) in pairs() {
        n += 1.0;
        r += rest;
        s += component + rest;
    }
    let (r, s) = (r / n, s / n);
    let (mut rest_variance, mut sum_variance) = (0.0, 0.0);
    for (component, rest) in pairs() {
        rest_variance += (rest - r).powi(2);
        sum_variance += (component + rest - s).powi(2);
    }
    let level = level.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    (sum_variance > n * (1e-12 * level).powi(2) && sum_variance > 0.0)
        .then(|| (1.0 - rest_variance / sum_variance).max(0.0))
}

/// Decomposes a series (Cleveland, Cleveland, `McRae` & Terpenning 1990): cycle-subseries are smoothed, what a low-pass filter leaves of
/// them is the season; the rest is smoothed into the trend; both are repeated.
///
/// Missing bins (NaN) have no weight in any regression, so they change nothing but what their neighbours cannot say; season and trend
/// are given there as well. Equal to `statsmodels.tsa.seasonal.STL` and R's `stl` to rounding.
/// Cost: O(N · (trend + low-pass window)) a pass where weights differ, else about O(N · window) products without kernels.
///
/// # Errors
/// A window that is even or below 3, a period below 2, a jump of 0; less than two cycles; a phase without any value.
pub fn stl(values: &[f64], parameters: &StlParameters) -> Result<Decomposition, StlError> {
    let windows = Windows::of(parameters)?;
    let (n, period) = (values.len(), parameters.period);
    if n < 2 * period {
        return Err(StlError::TooShort { bins: n, period });
    }
    let missing: Vec<bool> = values.iter().map(|x| !x.is_finite()).collect();
    let is_missing = missing.contains(&true);
    if is_missing
        && let Some(phase) = (0..period).find(|&phase| {
            missing
                .iter()
                .skip(phase)
                .step_by(period)
                .all(|&missing| missing)
        })
    {
        return Err(StlError::NoValues { phase });
    }
    // A missing bin has no weight; the number that stands there is only subtracted and never used.
    let filled: Vec<f64> = values
        .iter()
        .map(|x| if x.is_finite() { *x } else { 0.0 })
        .collect();
    let present: Vec<f64> = missing
        .iter()
        .map(|&missing| if missing { 0.0 } else { 1.0 })
        .collect();
    let mut robust = vec![1.0; n];
    let mut weights = is_missing.then(|| present.clone());
    let mut seasonal = vec![0.0; n];
    let mut trend = vec![0.0; n];
    let inner = parameters
        .inner
        .unwrap_or(if parameters.outer > 0 { 2 } else { 5 });

    for pass in 0..=parameters.outer {
        for _ in 0..inner {
            pass_once(
                &filled,
                weights.as_deref(),
                &windows,
                &mut seasonal,
                &mut trend,
            );
        }
        if pass == parameters.outer {
            break;
        }
        let fit: Vec<f64> = seasonal.iter().zip(&trend).map(|(s, t)| s + t).collect();
        robust = robust_weights(&filled, &fit, &missing);
        weights = Some(robust.iter().zip(&present).map(|(r, p)| r * p).collect());
    }
    if parameters.is_periodic {
        average_cycles(&mut seasonal, period);
    }
    let remainder = (0..n)
        .map(|at| values[at] - seasonal[at] - trend[at])
        .collect();
    Ok(Decomposition {
        seasonal,
        trend,
        remainder,
        weights: robust,
    })
}

/// The smoothers of one decomposition.
struct Windows {
    period: usize,
    seasonal: Loess,
    trend: Loess,
    low_pass: Loess,
}

impl Windows {
    fn of(parameters: &StlParameters) -> Result<Self, StlError> {
        let rule = |field, value, rule, holds: bool| {
            if holds {
                Ok(())
            } else {
                Err(StlError::Parameter { field, value, rule })
            }
        };
        let odd = |field, value: usize| {
            rule(
                field,
                value,
                "odd and at least 3",
                value >= 3 && value % 2 == 1,
            )
        };
        let period = parameters.period;
        rule("period", period, "at least 2", period >= 2)?;
        odd("seasonal", parameters.seasonal)?;
        let trend = parameters
            .trend
            .unwrap_or_else(|| trend_window(period, parameters.seasonal));
        odd("trend", trend)?;
        let low_pass = parameters.low_pass.unwrap_or((period + 1) | 1);
        odd("low_pass", low_pass)?;
        for jump in parameters.jumps {
            rule("jumps", jump, "at least 1", jump >= 1)?;
        }
        let loess = |window, line, jump| Loess { window, line, jump };
        Ok(Self {
            period,
            seasonal: loess(
                parameters.seasonal,
                parameters.seasonal_line,
                parameters.jumps[0],
            ),
            trend: loess(trend, true, parameters.jumps[1]),
            low_pass: loess(low_pass, true, parameters.jumps[2]),
        })
    }
}

/// The smallest odd number from `1.5 period / (1 − 1.5 / seasonal)`: the trend then keeps what the season cannot take.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "windows are far below 2^52 and positive"
)]
fn trend_window(period: usize, seasonal: usize) -> usize {
    let window = 1.5 * period as f64 / (1.0 - 1.5 / seasonal as f64);
    (window.ceil() as usize) | 1
}

/// One pass of the inner loop.
fn pass_once(
    values: &[f64],
    weights: Option<&[f64]>,
    windows: &Windows,
    seasonal: &mut [f64],
    trend: &mut [f64],
) {
    let n = values.len();
    let detrended: Vec<f64> = values
        .iter()
        .zip(trend.iter())
        .map(|(x, t)| x - t)
        .collect();
    let cycles = smooth_cycles(&detrended, weights, windows);

    let averaged = moving_average(&cycles, windows.period);
    let averaged = moving_average(&averaged, windows.period);
    let averaged = moving_average(&averaged, 3);
    let mut low = vec![0.0; n];
    smooth(&averaged, None, &windows.low_pass, &mut low);
    for ((s, cycle), low) in seasonal.iter_mut().zip(&cycles[windows.period..]).zip(&low) {
        *s = cycle - low;
    }

    let deseasonalised: Vec<f64> = values
        .iter()
        .zip(seasonal.iter())
        .map(|(x, s)| x - s)
        .collect();
    smooth(&deseasonalised, weights, &windows.trend, trend);
}

/// Each phase of the cycle smoothed on its own and carried one cycle beyond both ends: N + 2 · period values.
fn smooth_cycles(values: &[f64], weights: Option<&[f64]>, windows: &Windows) -> Vec<f64> {
    let (n, period) = (values.len(), windows.period);
    let mut cycles = vec![0.0; n + 2 * period];
    let (mut phase_values, mut phase_weights, mut smoothed) = (Vec::new(), Vec::new(), Vec::new());
    for phase in 0..period {
        phase_values.clear();
        phase_values.extend(values.iter().skip(phase).step_by(period));
        let count = phase_values.len();
        let phase_weights = weights.map(|weights| {
            phase_weights.clear();
            phase_weights.extend(weights.iter().skip(phase).step_by(period));
            &phase_weights[..]
        });
        smoothed.clear();
        smoothed.resize(count, 0.0);
        smooth(
            &phase_values,
            phase_weights,
            &windows.seasonal,
            &mut smoothed,
        );
        let window = windows.seasonal.window;
        let first = at(
            &phase_values,
            phase_weights,
            &windows.seasonal,
            -1,
            0..window.min(count),
        );
        let last = at(
            &phase_values,
            phase_weights,
            &windows.seasonal,
            count.cast_signed(),
            count.saturating_sub(window)..count,
        );
        cycles[phase] = first.unwrap_or(smoothed[0]);
        for (cycle, value) in smoothed.iter().enumerate() {
            cycles[phase + (cycle + 1) * period] = *value;
        }
        cycles[phase + (count + 1) * period] = last.unwrap_or(smoothed[count - 1]);
    }
    cycles
}

/// Every phase gets its mean over the cycles.
#[expect(clippy::cast_precision_loss, reason = "cycles are few")]
fn average_cycles(seasonal: &mut [f64], period: usize) {
    for phase in 0..period {
        let cycles = seasonal.iter().skip(phase).step_by(period);
        let mean = cycles.clone().sum::<f64>() / cycles.count() as f64;
        for value in seasonal.iter_mut().skip(phase).step_by(period) {
            *value = mean;
        }
    }
}

/// Means over `window` neighbours: `window − 1` fewer values.
#[expect(clippy::cast_precision_loss, reason = "windows are far below 2^52")]
fn moving_average(values: &[f64], window: usize) -> Vec<f64> {
    let mut sum: f64 = values[..window].iter().sum();
    let mut means = Vec::with_capacity(values.len() - window + 1);
    means.push(sum / window as f64);
    for (leaving, entering) in values.iter().zip(&values[window..]) {
        sum += entering - leaving;
        means.push(sum / window as f64);
    }
    means
}

/// Bisquare weights of the residuals: 1 within 0.006 median absolute residuals, 0 beyond 5.994.
fn robust_weights(values: &[f64], fit: &[f64], missing: &[bool]) -> Vec<f64> {
    let residuals: Vec<f64> = values.iter().zip(fit).map(|(x, f)| (x - f).abs()).collect();
    let mut sorted: Vec<f64> = residuals
        .iter()
        .zip(missing)
        .filter(|&(_, &missing)| !missing)
        .map(|(r, _)| *r)
        .collect();
    sorted.sort_by(f64::total_cmp);
    let count = sorted.len();
    let six_medians = 3.0 * (sorted[count / 2] + sorted[(count - 1) / 2]);
    residuals
        .iter()
        .map(|&residual| {
            if residual <= 0.001 * six_medians {
                1.0
            } else if residual <= 0.999 * six_medians {
                (1.0 - (residual / six_medians).powi(2)).powi(2)
            } else {
                0.0
            }
        })
        .collect()
}

#[cfg(test)]
pub(crate) mod tests;
