//! Quasi-Poisson regression with a log link, by iteratively reweighted least squares.
//!
//! The weighted normal equations are solved by Cholesky's factorisation after scaling each column to length one, which is
//! accurate enough for designs of a few columns whose levels are disjoint (Nelder and Wedderburn 1972, J. R. Statist. Soc. A
//! 135:370). Start and stop are those of R's `glm`: mean y + 0.1, until the deviance changes by less than 1e-8 of itself;
//! the 50 steps are twice R's, so that responses that are all 0 converge too.
#![expect(clippy::cast_precision_loss, reason = "rows of a design are few")]

#[cfg(test)]
mod tests;

const STEPS: usize = 50;
const CONVERGED: f64 = 1e-8;

/// Below this share of a scaled column's own length, what is left of it after the columns before is rounding.
const SINGULAR: f64 = 1e-11;

/// Why a model has no fit.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GlmError {
    /// Not as many values as rows × columns, or no column, or not more rows than columns.
    #[error(
        "{values} values, {columns} columns and {rows} responses make no design with degrees of freedom"
    )]
    Shape {
        /// Values of the design.
        values: usize,
        /// Columns of the design.
        columns: usize,
        /// Responses.
        rows: usize,
    },
    /// A value that is not finite, a negative response or a negative weight.
    #[error("row {row} has a value that is not finite, or a negative response or weight")]
    Value {
        /// The first such row.
        row: usize,
    },
    /// A column follows from the columns before it.
    #[error("column {column} of the design follows from the columns before it")]
    Singular {
        /// The column.
        column: usize,
    },
    /// The deviance still changes after 50 steps.
    #[error("no convergence in 50 steps")]
    NoConvergence,
}

/// What to fit: `log E[y] = X β + offset`, variance φ·mean/weight.
#[derive(Debug, Clone, Copy)]
pub struct Design<'a> {
    /// The matrix X, row after row.
    pub values: &'a [f64],
    /// Columns of X.
    pub columns: usize,
    /// One count for each row, 0 or more.
    pub response: &'a [f64],
    /// One weight for each row; `None` is 1 for all.
    pub weights: Option<&'a [f64]>,
    /// One known part of the linear predictor for each row, such as the logarithm of a population; `None` is 0.
    pub offset: Option<&'a [f64]>,
}

/// A fitted model.
#[derive(Debug, Clone)]
pub struct Fit {
    /// β, one a column.
    pub coefficients: Vec<f64>,
    /// Fitted mean of each row.
    pub fitted: Vec<f64>,
    /// Leverage of each row, the diagonal of the hat matrix, 0 to 1.
    pub leverage: Vec<f64>,
    /// φ: Pearson's statistic over the degrees of freedom; it may be below 1.
    pub dispersion: f64,
    /// Rows of positive weight less columns.
    pub freedom: usize,
    factor: Factor,
}

impl Fit {
    /// Standard error of the linear predictor of a row, on the scale of the link, for a dispersion φ: `sqrt(φ x'(X'WX)⁻¹x)`.
    /// `None` when the row has another number of columns.
    pub fn standard_error(&self, row: &[f64], dispersion: f64) -> Option<f64> {
        (row.len() == self.coefficients.len())
            .then(|| (dispersion * self.factor.quadratic(row)).sqrt())
    }
}

/// Fits the model.
///
/// A level whose responses are all 0 has its coefficient at minus infinity; as in R the iteration stops on the way there, with a
/// mean near 1e-9, and that is an answer. Cost: steps × rows × columns².
///
/// # Errors
/// [`GlmError`]: wrong shape, values that are no counts, a column too many, or no convergence.
pub fn quasi_poisson(design: &Design<'_>) -> Result<Fit, GlmError> {
    check(design)?;
    let rows = design.response.len();
    let weight = |row: usize| design.weights.map_or(1.0, |weights| weights[row]);
    let offset = |row: usize| design.offset.map_or(0.0, |offset| offset[row]);
    let positive = (0..rows).filter(|row| weight(*row) > 0.0).count();
    let freedom = positive.saturating_sub(design.columns);
    if freedom == 0 {
        return Err(shape(design));
    }

    let mut fitted: Vec<f64> = design.response.iter().map(|count| count + 0.1).collect();
    let mut working = vec![0.0; rows];
    let mut target = vec![0.0; rows];
    let mut deviance = f64::INFINITY;
    for _ in 0..STEPS {
        for row in 0..rows {
            let mean = fitted[row];
            working[row] = weight(row) * mean;
            target[row] = mean.ln() - offset(row) + (design.response[row] - mean) / mean;
        }
        let (factor, right) = normal_equations(design, &working, &target)?;
        let coefficients = factor.solve(&right);
        for (row, mean) in fitted.iter_mut().enumerate() {
            *mean = (dot(design.row(row), &coefficients) + offset(row)).exp();
        }
        let before = deviance;
        deviance = (0..rows)
            .map(|row| weight(row) * deviance_of(design.response[row], fitted[row]))
            .sum();
        if !deviance.is_finite() {
            return Err(GlmError::NoConvergence);
        }
        if (deviance - before).abs() < CONVERGED * (deviance.abs() + 0.1) {
            return Ok(finish(
                design,
                coefficients,
                fitted,
                &working,
                factor,
                freedom,
            ));
        }
    }
    Err(GlmError::NoConvergence)
}

impl Design<'_> {
    fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.columns..(row + 1) * self.columns]
    }
}

fn check(design: &Design<'_>) -> Result<(), GlmError> {
    let rows = design.response.len();
    let fits = |part: Option<&[f64]>| part.is_none_or(|part| part.len() == rows);
    if design.columns == 0
        || rows <= design.columns
        || design.values.len() != rows * design.columns
        || !fits(design.weights)
        || !fits(design.offset)
    {
        return Err(shape(design));
    }
    let known = |row: &usize| {
        let finite = |part: Option<&[f64]>| part.is_none_or(|part| part[*row].is_finite());
        design.row(*row).iter().all(|value| value.is_finite())
            && (0.0..f64::INFINITY).contains(&design.response[*row])
            && finite(design.offset)
            && design
                .weights
                .is_none_or(|weights| (0.0..f64::INFINITY).contains(&weights[*row]))
    };
    match (0..rows).find(|row| !known(row)) {
        Some(row) => Err(GlmError::Value { row }),
        None => Ok(()),
    }
}

fn shape(design: &Design<'_>) -> GlmError {
    GlmError::Shape {
        values: design.values.len(),
        columns: design.columns,
        rows: design.response.len(),
    }
}

/// The factor of `X'WX` and the right side `X'Wz`.
fn normal_equations(
    design: &Design<'_>,
    working: &[f64],
    target: &[f64],
) -> Result<(Factor, Vec<f64>), GlmError> {
    let columns = design.columns;
    let mut gram = vec![0.0; columns * columns];
    let mut right = vec![0.0; columns];
    for (row, (weight, target)) in working.iter().zip(target).enumerate() {
        let values = design.row(row);
        for (i, left) in values.iter().enumerate() {
            // Columns of levels are mostly zeros.
            if left.abs() > 0.0 {
                right[i] += weight * left * target;
                for (cell, value) in gram[i * columns..=i * columns + i].iter_mut().zip(values) {
                    *cell += weight * left * value;
                }
            }
        }
    }
    Ok((Factor::of(gram, columns)?, right))
}

fn finish(
    design: &Design<'_>,
    coefficients: Vec<f64>,
    fitted: Vec<f64>,
    working: &[f64],
    factor: Factor,
    freedom: usize,
) -> Fit {
    let rows = fitted.len();
    let leverage = (0..rows)
        .map(|row| working[row] * factor.quadratic(design.row(row)))
        .collect();
    let pearson: f64 = (0..rows)
        .map(|row| working[row] * ((design.response[row] - fitted[row]) / fitted[row]).powi(2))
        .sum();
    Fit {
        coefficients,
        fitted,
        leverage,
        dispersion: pearson / freedom as f64,
        freedom,
        factor,
    }
}

/// Poisson deviance of one count.
fn deviance_of(count: f64, mean: f64) -> f64 {
    let log = if count > 0.0 {
        count * (count / mean).ln()
    } else {
        0.0
    };
    2.0 * (log - (count - mean))
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter()
        .zip(right)
        .map(|(left, right)| left * right)
        .sum()
}

/// Lower Cholesky factor of a positive definite matrix whose rows and columns were scaled to a diagonal of one.
#[derive(Debug, Clone)]
struct Factor {
    lower: Vec<f64>,
    scale: Vec<f64>,
}

impl Factor {
    /// Factors the matrix, of which only the lower half is read.
    fn of(mut matrix: Vec<f64>, columns: usize) -> Result<Self, GlmError> {
        let scale: Vec<f64> = (0..columns)
            .map(|i| matrix[i * columns + i].sqrt().recip())
            .collect();
        for i in 0..columns {
            for j in 0..=i {
                let before = dot(
                    &matrix[i * columns..i * columns + j],
                    &matrix[j * columns..j * columns + j],
                );
                let rest = matrix[i * columns + j] * scale[i] * scale[j] - before;
                matrix[i * columns + j] = if i > j {
                    rest / matrix[j * columns + j]
                } else if rest > SINGULAR {
                    rest.sqrt()
                } else {
                    return Err(GlmError::Singular { column: i });
                };
            }
        }
        Ok(Self {
            lower: matrix,
            scale,
        })
    }

    fn solve(&self, right: &[f64]) -> Vec<f64> {
        let columns = self.scale.len();
        let mut solution = self.forward(right);
        for i in (0..columns).rev() {
            let after: f64 = (i + 1..columns)
                .map(|j| self.lower[j * columns + i] * solution[j])
                .sum();
            solution[i] = (solution[i] - after) / self.lower[i * columns + i];
        }
        solution
            .iter()
            .zip(&self.scale)
            .map(|(value, scale)| value * scale)
            .collect()
    }

    /// `x' A⁻¹ x`.
    fn quadratic(&self, x: &[f64]) -> f64 {
        self.forward(x).iter().map(|value| value * value).sum()
    }

    fn forward(&self, right: &[f64]) -> Vec<f64> {
        let columns = self.scale.len();
        let mut solution: Vec<f64> = Vec::with_capacity(columns);
        for (i, (right, scale)) in right.iter().zip(&self.scale).enumerate() {
            let row = &self.lower[i * columns..=i * columns + i];
            let rest = right * scale - dot(row, &solution);
            solution.push(rest / row[i]);
        }
        solution
    }
}
