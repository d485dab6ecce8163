//! From values to colours: the same classes and palette as on the page.

use crate::Colour;

/// From few to many; lightness rises by equal steps in OKLCH, so order reads with any colour vision and on a grey print. The page has
/// the same seven.
const EMBER: [u32; 7] = [
    0x0050_2e8e,
    0x0086_3a97,
    0x00b9_498f,
    0x00e4_6474,
    0x00fc_8d59,
    0x00ff_bd67,
    0x00fd_e988,
];

/// Classes of values: class `i` holds `breaks[i] <= value < breaks[i + 1]`, the last is open above; nothing below the first is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Scale {
    breaks: Vec<f64>,
}

impl Scale {
    /// Classes with these lower bounds: one to seven numbers, rising. None otherwise.
    pub fn try_new(breaks: Vec<f64>) -> Option<Self> {
        let rising = breaks.windows(2).all(|pair| pair[0] < pair[1]);
        let fits = (1..=EMBER.len()).contains(&breaks.len())
            && breaks.iter().all(|bound| bound.is_finite());
        (rising && fits).then_some(Self { breaks })
    }

    /// Classes of equal ratio from the smallest positive value to the 99.5th percentile, rounded to neat numbers: a few extreme
    /// cells do not push all others into one class. Without a positive value there is one class from 1.
    pub fn geometric(values: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.into_iter().filter(|value| *value > 0.0).collect();
        sorted.sort_by(f64::total_cmp);
        let Some(&low) = sorted.first() else {
            return Self { breaks: vec![1.0] };
        };
        // floor((n - 1) * 0.995), in whole numbers
        let high = sorted[(sorted.len() - 1) * 995 / 1000];
        let first = neat(low).min(low);
        if high <= low {
            return Self {
                breaks: vec![first],
            };
        }
        let ratio = (high / low).powf(1.0 / 7.0);
        let mut breaks = vec![first];
        let mut bound = low;
        for _ in 1..EMBER.len() {
            bound *= ratio;
            let neat = neat(bound);
            if breaks.last().is_some_and(|last| neat > *last) {
                breaks.push(neat);
            }
        }
        Self { breaks }
    }

    /// The lower bounds, rising.
    pub fn breaks(&self) -> &[f64] {
        &self.breaks
    }

    /// The value's class; none below the first.
    pub fn class(&self, value: f64) -> Option<usize> {
        self.breaks
            .partition_point(|bound| *bound <= value)
            .checked_sub(1)
    }

    /// A class's colour; classes are spread over the whole palette, so that three of them still go from dark to bright.
    pub fn colour(&self, class: usize) -> Colour {
        let (last, classes) = (EMBER.len() - 1, self.breaks.len());
        let at = match classes {
            0 | 1 => 3,
            _ => (2 * class * last + (classes - 1)) / (2 * (classes - 1)),
        };
        Colour::rgb(EMBER[at.min(last)])
    }
}

/// Two significant digits; whole numbers from 1 to 100.
fn neat(value: f64) -> f64 {
    if (1.0..100.0).contains(&value) {
        return value.round();
    }
    let unit = 10f64.powf(value.log10().floor() - 1.0);
    let rounded = (value / unit).round() * unit;
    // Decimal fractions are not exact: the text is.
    format!("{rounded:.12}").parse().unwrap_or(rounded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_positive_value_has_a_class_and_classes_rise() {
        let values: Vec<f64> = (1..=5000).map(f64::from).collect();
        let scale = Scale::geometric(values.iter().copied());
        assert_eq!(scale.breaks().len(), 7);
        assert!(scale.breaks().windows(2).all(|pair| pair[0] < pair[1]));
        assert!(values.iter().all(|value| scale.class(*value).is_some()));
        assert_eq!(scale.class(0.0), None);
        assert_eq!(scale.class(1e9), Some(6));
    }

    #[test]
    fn few_values_have_few_classes() {
        assert_eq!(Scale::geometric([]).breaks(), [1.0]);
        assert_eq!(Scale::geometric([4.0, 4.0]).breaks(), [4.0]);
        let two = Scale::geometric([1.0, 1.0, 2.0, 2.0]);
        assert_eq!(two.breaks(), [1.0, 2.0]);
        assert_eq!(
            (two.colour(0), two.colour(1)),
            (Colour::rgb(EMBER[0]), Colour::rgb(EMBER[6]))
        );
    }

    #[test]
    fn fractions_stay_neat() {
        let scale = Scale::geometric([0.0123, 0.05, 3.7]);
        assert!(scale.breaks()[0] <= 0.0123);
        assert!(
            scale
                .breaks()
                .iter()
                .all(|bound| format!("{bound}").len() < 7)
        );
    }

    #[test]
    fn breaks_that_do_not_rise_are_none() {
        assert!(Scale::try_new(vec![1.0, 1.0]).is_none());
        assert!(Scale::try_new(vec![]).is_none());
        assert!(Scale::try_new(vec![1.0, f64::NAN]).is_none());
        assert!(Scale::try_new(vec![1.0, 5.0]).is_some());
    }
}
