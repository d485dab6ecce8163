//! Farrington's flexible method as a method of bursts.

use citybrain_stats::farrington::{
    FarringtonError, FarringtonParameters, Silence as Quiet, farrington,
};
use datafusion::error::{DataFusionError, Result};
use serde_json::{Map, Value, json};

use super::{Arguments, Method, Silence, Timeline, Verdicts};

#[derive(Debug)]
pub(super) struct Farrington(FarringtonParameters);

impl Farrington {
    pub(super) fn read(arguments: &mut Arguments) -> Result<Self> {
        let default = FarringtonParameters::default();
        let years = arguments.whole("years", 1..=30)?;
        Ok(Self(FarringtonParameters {
            years: years.map_or(default.years, |years| {
                usize::try_from(years).unwrap_or(usize::MAX)
            }),
            alpha: arguments
                .number("alpha", 1e-12..=0.5)?
                .unwrap_or(default.alpha),
            recent_cases: arguments
                .number("minimum_count", 0.0..=1e9)?
                .unwrap_or(default.recent_cases),
            ..default
        }))
    }
}

impl Method for Farrington {
    fn judge(
        &self,
        counts: &[f64],
        _timeline: &Timeline,
        asked: std::ops::Range<usize>,
    ) -> Result<Vec<Verdicts>> {
        let weeks = farrington(counts, None, asked, &self.0)
            .map_err(|error: FarringtonError| DataFusionError::External(Box::new(error)))?;
        let verdicts = weeks.into_iter().map(|week| match week {
            Ok(week) => Verdicts {
                expected: Some(week.expected),
                upper: Some(week.upper),
                score: week.score,
                p: Some(week.p_value),
                alarm: Some(week.alarm),
                silence: None,
            },
            Err(silence) => Verdicts {
                silence: Some(match silence {
                    Quiet::Unknown => Silence::Unknown,
                    Quiet::NoHistory => Silence::NoHistory,
                    Quiet::NoFit => Silence::NoFit,
                    Quiet::FewCases => Silence::FewCases,
                }),
                ..Verdicts::default()
            },
        });
        Ok(verdicts.collect())
    }

    fn needs(&self) -> String {
        let years = self.0.years;
        format!(
            "a week is compared with the same weeks of {years} past years, so {years} years and {} weeks before it must be there: import more history, ask for fewer with years => 2, or take method => 'ears'",
            self.0.half_window
        )
    }

    fn note(&self, parameters: &mut Map<String, Value>) {
        parameters.insert("method".to_owned(), json!("farrington"));
        parameters.insert("years".to_owned(), json!(self.0.years));
        parameters.insert("half_window".to_owned(), json!(self.0.half_window));
        parameters.insert("alpha".to_owned(), json!(self.0.alpha));
        parameters.insert("minimum_count".to_owned(), json!(self.0.recent_cases));
    }
}
