//! EARS C1, C2 and C3 as a method of bursts.

use citybrain_stats::ears::{EarsError, EarsMethod, EarsParameters, ears, weekend_strata};
use datafusion::error::{DataFusionError, Result};
use serde_json::{Map, Value, json};

use super::{Arguments, Method, Silence, Timeline, Verdicts};

#[derive(Debug)]
pub(super) struct Ears {
    parameters: EarsParameters,
    /// Compare working days with working days and weekends with weekends.
    weekdays: bool,
}

impl Ears {
    pub(super) fn read(arguments: &mut Arguments) -> Result<Self> {
        let default = EarsParameters::default();
        let method = match arguments.text("statistic")?.as_deref() {
            None | Some("c2") => EarsMethod::C2,
            Some("c1") => EarsMethod::C1,
            Some("c3") => EarsMethod::C3,
            Some(other) => {
                return Err(arguments.broken(
                    "statistic",
                    &other,
                    "must be one of c1, c2, c3".to_owned(),
                ));
            }
        };
        let baseline = arguments.whole("baseline", 3..=366)?;
        let baseline = baseline.map_or(default.baseline, |days| {
            usize::try_from(days).unwrap_or(usize::MAX)
        });
        let parameters = EarsParameters {
            method,
            baseline,
            minimum_sigma: arguments
                .number("minimum_sigma", 0.0..=1e6)?
                .unwrap_or(default.minimum_sigma),
            minimum_count: arguments
                .number("minimum_count", 0.0..=1e9)?
                .unwrap_or(default.minimum_count),
            alpha: arguments.number("alpha", 1e-12..=0.5)?,
            ..default
        };
        Ok(Self {
            parameters,
            weekdays: arguments.truth("weekdays")?.unwrap_or(true),
        })
    }
}

impl Method for Ears {
    fn judge(
        &self,
        counts: &[f64],
        timeline: &Timeline,
        asked: std::ops::Range<usize>,
    ) -> Result<Vec<Verdicts>> {
        let strata = self
            .weekdays
            .then(|| weekend_strata(timeline.first_weekday(), counts.len()));
        let days = ears(counts, strata.as_deref(), asked.clone(), &self.parameters)
            .map_err(|error: EarsError| DataFusionError::External(Box::new(error)))?;
        let verdicts = asked.zip(&days).map(|(at, day)| Verdicts {
            silence: match day.alarm {
                Some(_) => None,
                None if counts[at].is_nan() => Some(Silence::Unknown),
                None => Some(Silence::NoHistory),
            },
            expected: day.expected,
            upper: day.upper,
            score: day.statistic,
            p: day.p_value,
            alarm: day.alarm,
        });
        Ok(verdicts.collect())
    }

    fn needs(&self) -> String {
        format!(
            "a day is compared with {} days before it, at least {} of which must be there",
            self.parameters.baseline, self.parameters.minimum_baseline
        )
    }

    fn note(&self, parameters: &mut Map<String, Value>) {
        let statistic = match self.parameters.method {
            EarsMethod::C1 => "c1",
            EarsMethod::C2 => "c2",
            EarsMethod::C3 => "c3",
        };
        let alpha = self
            .parameters
            .alpha
            .unwrap_or(match self.parameters.method {
                EarsMethod::C1 | EarsMethod::C2 => 0.001,
                EarsMethod::C3 => 0.025,
            });
        parameters.insert("method".to_owned(), json!("ears"));
        parameters.insert("statistic".to_owned(), json!(statistic));
        parameters.insert("baseline".to_owned(), json!(self.parameters.baseline));
        parameters.insert(
            "minimum_sigma".to_owned(),
            json!(self.parameters.minimum_sigma),
        );
        parameters.insert(
            "minimum_count".to_owned(),
            json!(self.parameters.minimum_count),
        );
        parameters.insert("alpha".to_owned(), json!(alpha));
        parameters.insert("weekdays".to_owned(), json!(self.weekdays));
    }
}
