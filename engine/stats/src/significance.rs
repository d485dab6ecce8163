//! From z scores to what may be said of them: p-values, q-values, confidence bins.

use std::num::NonZeroUsize;

use statrs::function::erf::erfc;

use self::distinct::Distinct;
use crate::{fdr, parallel};

mod distinct;

#[cfg(test)]
mod tests;

/// Scores are taken to repeat if each stands at this many places on average.
const REPEATED: usize = 32;

/// Which probability decides the confidence bin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Correction {
    /// The q-value: of all that is called significant, at most this share is expected to be so by chance.
    #[default]
    FalseDiscoveryRate,
    /// The p-value of each test on its own.
    Raw,
}

/// How sure a score must be to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Confidence {
    /// α = 0.10, bins ±1 and beyond.
    #[default]
    Percent90,
    /// α = 0.05, bins ±2 and beyond.
    Percent95,
    /// α = 0.01, bins ±3.
    Percent99,
}

impl Confidence {
    /// The probability of an error.
    pub fn alpha(self) -> f64 {
        match self {
            Self::Percent90 => 0.10,
            Self::Percent95 => 0.05,
            Self::Percent99 => 0.01,
        }
    }

    /// The size of the bin that begins here: 1, 2 or 3.
    pub fn bin(self) -> i8 {
        match self {
            Self::Percent90 => 1,
            Self::Percent95 => 2,
            Self::Percent99 => 3,
        }
    }
}

/// The two-sided normal p-value of a z score, `2 (1 − Φ(|z|)) = erfc(|z| / √2)`; NaN for NaN.
pub fn two_sided_p(z: f64) -> f64 {
    erfc(z.abs() * std::f64::consts::FRAC_1_SQRT_2)
}

/// The confidence bin of a probability: ±3 for `probability ≤ 0.01`, ±2 for 0.05, ±1 for 0.10, else 0; the sign is that of `z`.
pub fn confidence_bin(probability: f64, z: f64) -> i8 {
    let levels = [
        Confidence::Percent99,
        Confidence::Percent95,
        Confidence::Percent90,
    ];
    let size = levels
        .into_iter()
        .find(|level| probability <= level.alpha())
        .map_or(0, Confidence::bin);
    if z < 0.0 { -size } else { size }
}

/// A score that is defined.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// The statistic, which is normal with mean 0 and variance 1 when nothing is going on.
    pub z: f64,
    /// Two-sided normal p-value, never corrected.
    pub p: f64,
    /// p after Benjamini-Hochberg within its family.
    pub q: f64,
    /// ±3, ±2, ±1 at 99, 95, 90 percent, or 0; by q or p as [`Correction`] says.
    pub bin: i8,
}

/// Scores by place, or by place and time; some may be undefined.
#[derive(Debug, Clone)]
pub struct Scores {
    z: Vec<f64>,
    probabilities: Probabilities,
    tested: Vec<usize>,
    correction: Correction,
}

/// p and q of each place.
#[derive(Debug, Clone)]
enum Probabilities {
    /// One after another.
    Each { p: Vec<f64>, q: Vec<f64> },
    /// Those of the different scores, and for each place which score it has.
    Distinct {
        numbers: Vec<u32>,
        p: Vec<f64>,
        q: Vec<f64>,
    },
}

impl Probabilities {
    /// p and q of a place; NaN where it has no score.
    fn get(&self, at: usize) -> (f64, f64) {
        match self {
            Self::Each { p, q } => (p[at], q[at]),
            Self::Distinct { numbers, p, q } => {
                let at = numbers[at] as usize;
                let of = |column: &[f64]| column.get(at).copied().unwrap_or(f64::NAN);
                (of(p), of(q))
            }
        }
    }
}

impl Scores {
    /// From z scores, NaN where undefined, which fall into `families` by their place modulo that number.
    pub(crate) fn new(
        z: Vec<f64>,
        families: usize,
        correction: Correction,
        threads: Option<NonZeroUsize>,
    ) -> Self {
        if families <= 1 {
            // Scores of counts repeat many times.
            let (probabilities, tested) =
                if let Some(distinct) = Distinct::of(&z, z.len() / REPEATED, threads) {
                    let p: Vec<f64> = distinct.values.iter().map(|&z| two_sided_p(z)).collect();
                    let (q, tested) = fdr::adjust_repeated(&p, &distinct.counts);
                    let numbers = distinct.numbers;
                    (Probabilities::Distinct { numbers, p, q }, tested)
                } else {
                    let p = p_values(&z, threads);
                    let (q, tested) = fdr::adjust(&p);
                    (Probabilities::Each { p, q }, tested)
                };
            return Self {
                z,
                probabilities,
                tested: vec![tested],
                correction,
            };
        }
        let p = p_values(&z, threads);
        let mut q = vec![f64::NAN; z.len()];
        let mut tested = Vec::with_capacity(families);
        for family in 0..families {
            let column: Vec<f64> = p.iter().skip(family).step_by(families).copied().collect();
            let (adjusted, count) = fdr::adjust(&column);
            for (q, adjusted) in q.iter_mut().skip(family).step_by(families).zip(adjusted) {
                *q = adjusted;
            }
            tested.push(count);
        }
        Self {
            z,
            probabilities: Probabilities::Each { p, q },
            tested,
            correction,
        }
    }

    /// The score at a place; `None` where it is undefined.
    pub fn get(&self, at: usize) -> Option<Score> {
        let z = *self.z.get(at)?;
        let (p, q) = self.probabilities.get(at);
        let decides = match self.correction {
            Correction::FalseDiscoveryRate => q,
            Correction::Raw => p,
        };
        (!z.is_nan()).then(|| Score {
            z,
            p,
            q,
            bin: confidence_bin(decides, z),
        })
    }

    /// All scores in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Option<Score>> {
        (0..self.z.len()).map(|at| self.get(at))
    }

    /// How many places there are, undefined ones too.
    pub fn len(&self) -> usize {
        self.z.len()
    }

    /// Whether there is no place.
    pub fn is_empty(&self) -> bool {
        self.z.is_empty()
    }

    /// `m` of each family of tests: one number for all, or one for each slice of time.
    pub fn tested(&self) -> &[usize] {
        &self.tested
    }

    /// z scores in order, NaN where undefined.
    pub(crate) fn z(&self) -> &[f64] {
        &self.z
    }
}

fn p_values(z: &[f64], threads: Option<NonZeroUsize>) -> Vec<f64> {
    let mut p = vec![f64::NAN; z.len()];
    parallel::fill(&mut p, 1, 1 << 14, threads, |first, p| {
        for (p, &z) in p.iter_mut().zip(&z[first..]) {
            *p = two_sided_p(z);
        }
    });
    p
}
