//! The score of a cylinder, and which numbers of cases reach a score.

/// Steps of the bounds' table for each unit of the square root of the expected cases.
const STEPS: f64 = 64.0;

/// Logarithm of a likelihood ratio, 0 where there are not more cases than expected.
#[derive(Debug, Clone, Copy)]
pub(super) enum Score {
    /// Inside against outside, given all cases.
    Conditional {
        /// All cases.
        total: f64,
    },
    /// Inside against its own expectation.
    ExpectationBased,
}

impl Score {
    pub(super) fn of(self, cases: f64, expected: f64) -> f64 {
        if cases <= expected || expected <= 0.0 {
            return 0.0;
        }
        let inside = cases * (cases / expected).ln();
        let score = match self {
            Self::Conditional { total } => {
                let outside = total - cases;
                inside
                    + if outside > 0.0 {
                        outside * (outside / (total - expected)).ln()
                    } else {
                        0.0
                    }
            }
            Self::ExpectationBased => inside - (cases - expected),
        };
        score.max(0.0)
    }

    /// False only where the score is at most `level`, without a logarithm.
    ///
    /// With d = c − E > 0: c ln(c/E) − d ≤ d²/2E and (C − c) ln((C − c)/(C − E)) + d ≤ d²/(C − E), so the score is at most
    /// d² (C + E) / (2 E (C − E)); expectation-based d²/2E.
    pub(super) fn may_exceed(self, cases: f64, expected: f64, level: f64) -> bool {
        let excess = cases - expected;
        if excess <= 0.0 {
            return false;
        }
        match self {
            Self::Conditional { total } => {
                excess * excess * (total + expected) >= 2.0 * level * expected * (total - expected)
            }
            Self::ExpectationBased => excess * excess >= 2.0 * level * expected,
        }
    }
}

/// For each expected number, how many cases score at most a level.
pub(super) struct Bounds {
    table: Vec<i32>,
}

impl Bounds {
    /// Bounds up to the given expected number. A cylinder of fewer than the minimum of cases is below every bound.
    pub(super) fn new(score: Score, level: f64, minimum_cases: f64, highest: f64) -> Self {
        let mut bound = minimum_cases - 1.0;
        let mut table = Vec::new();
        let mut root = 0.0;
        while root * root <= highest {
            // The step's lower end: its bound is the lowest of the step, since bounds grow with the expected number.
            let expected = root * root;
            bound = last_at_most(score, level, expected, bound);
            table.push(number(bound));
            root += STEPS.recip();
        }
        table.push(number(bound));
        Self { table }
    }

    /// Most cases that surely score at most the level.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a root of 2^30, and a cast of what rounding makes negative gives 0"
    )]
    pub(super) fn of(&self, expected: f64) -> i32 {
        let step = (expected.max(0.0).sqrt() * STEPS * (1.0 - 1e-12)) as usize;
        self.table[step.min(self.table.len() - 1)]
    }
}

/// The largest whole number of cases, from `start` on, whose score is at most the level.
fn last_at_most(score: Score, level: f64, expected: f64, start: f64) -> f64 {
    let enough = |cases: f64| {
        expected > 0.0
            && match score {
                Score::Conditional { total } if cases > total => false,
                _ => score.of(cases, expected) <= level,
            }
    };
    if !enough(start + 1.0) {
        return start;
    }
    let (mut low, mut step) = (start + 1.0, 1.0);
    while enough(low + step) {
        low += step;
        step *= 2.0;
    }
    while step > 1.0 {
        step /= 2.0;
        if enough(low + step) {
            low += step;
        }
    }
    low
}

#[expect(clippy::cast_possible_truncation, reason = "a cast saturates")]
fn number(bound: f64) -> i32 {
    // Half of the range: differences of two such numbers do not overflow.
    bound.clamp(-1.0, f64::from(i32::MAX / 2)) as i32
}
