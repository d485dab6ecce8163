//! One caller a hundred times, or a hundred callers? An alarm means something else in either case.
//!
//! The effective number of sources is the inverse Simpson index (Hill number of order 2; Hill 1973, Ecology 54:427):
//! `(Σ c)² / Σ c²`, the number of equally busy sources that would be as concentrated.
//!
//! The rule of [`breadth`]: let every source count at most `cap` times. When what remains is still above the alarm's upper
//! bound, and comes from at least `minimum_effective` effective sources, the alarm is broad; else it is narrow: without the
//! repetition of few sources there would have been none. Complaints without a source are counted in both extreme ways, each its
//! own source and all one source; when the two disagree, nobody can tell.
#![expect(clippy::cast_precision_loss, reason = "complaints stay far below 2^53")]

#[cfg(test)]
mod tests;

/// How to judge the breadth; `Default` counts each source once and asks for three effective ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BreadthParameters {
    /// Complaints that one source may contribute, 1 or more; 1.
    pub cap: u64,
    /// Effective sources that a broad alarm has at least, 1 or more; 3.
    pub minimum_effective: f64,
}

impl Default for BreadthParameters {
    fn default() -> Self {
        Self {
            cap: 1,
            minimum_effective: 3.0,
        }
    }
}

/// Why the breadth cannot be judged.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BreadthError {
    /// A parameter outside its range.
    #[error("{name} is {value}: it must be {rule}")]
    Parameter {
        /// The field of [`BreadthParameters`], or `upper`.
        name: &'static str,
        /// What it was.
        value: f64,
        /// What it must be.
        rule: &'static str,
    },
}

/// Whether an alarm needs the repetition of few sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Many sources: an alarm also when each counts at most `cap` times.
    Broad,
    /// Few sources: repetition makes the alarm.
    Narrow,
    /// Complaints without a source decide.
    Undecided,
}

/// What the sources of an alarm's complaints say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Breadth {
    /// All complaints, with or without a source.
    pub complaints: u64,
    /// Sources that are known.
    pub sources: u64,
    /// Effective number of the known sources; `None` without any.
    pub effective: Option<f64>,
    /// The busiest source's share of the complaints with a source, 0 to 1; `None` without any.
    pub largest_share: Option<f64>,
    /// Complaints when each known source counts at most `cap` times and all complaints without a source are one source.
    pub capped: u64,
    /// The decision by the rule of this module.
    pub verdict: Verdict,
}

/// Judges the alarm whose complaints have `counts` by source and `unknown` without one, against the alarm's `upper` bound (the
/// count that had to be exceeded, complaints). Sources with 0 complaints count as absent.
///
/// # Errors
/// [`BreadthError`] for a parameter outside its range or an upper bound that is not a finite number.
pub fn breadth(
    counts: &[u64],
    unknown: u64,
    upper: f64,
    parameters: &BreadthParameters,
) -> Result<Breadth, BreadthError> {
    let rule = |holds: bool, name, value, rule| {
        holds
            .then_some(())
            .ok_or(BreadthError::Parameter { name, value, rule })
    };
    rule(
        parameters.cap >= 1,
        "cap",
        parameters.cap as f64,
        "1 or more",
    )?;
    let minimum = parameters.minimum_effective;
    rule(
        minimum >= 1.0 && minimum.is_finite(),
        "minimum_effective",
        minimum,
        "1 or more, and finite",
    )?;
    rule(upper.is_finite(), "upper", upper, "finite")?;

    let known: u64 = counts
        .iter()
        .fold(0, |sum, count| sum.saturating_add(*count));
    let squares: f64 = counts.iter().map(|count| (*count as f64).powi(2)).sum();
    let capped = |count: u64| count.min(parameters.cap);
    let kept = counts
        .iter()
        .fold(0_u64, |sum, count| sum.saturating_add(capped(*count)));
    let as_one = kept.saturating_add(capped(unknown));

    let broad = |kept: u64, squares: f64| {
        let total = known.saturating_add(unknown) as f64;
        kept as f64 > upper && squares > 0.0 && total * total / squares >= minimum
    };
    let (unknown_f, everyone) = (unknown as f64, kept.saturating_add(unknown));
    let verdict = match (
        broad(as_one, squares + unknown_f * unknown_f),
        broad(everyone, squares + unknown_f),
    ) {
        (true, true) => Verdict::Broad,
        (false, false) => Verdict::Narrow,
        _ => Verdict::Undecided,
    };
    Ok(Breadth {
        complaints: known.saturating_add(unknown),
        sources: counts.iter().filter(|count| **count > 0).count() as u64,
        effective: (known > 0).then(|| (known as f64).powi(2) / squares),
        largest_share: counts
            .iter()
            .max()
            .filter(|_| known > 0)
            .map(|largest| *largest as f64 / known as f64),
        capped: as_one,
        verdict,
    })
}
