//! Topics of MQTT messages: which ones a profile reads, and what their parts mean.

use std::fmt;

use serde::{Deserialize, Deserializer, de::Error as _};

/// A pattern of topics: levels between slashes, of which `{name}` stands for a text without a slash and `{name...}`, at the end,
/// for all that follows. What stands in the place of a name becomes the column `topic.name`.
///
/// `application/{application}/device/{device}/event/{event}` and `v1.1/Datastreams({datastream})/Observations` are patterns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicPattern {
    text: String,
    levels: Vec<Level>,
}

/// One level of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Level {
    /// This text.
    Text(String),
    /// A name between two texts.
    Part {
        before: String,
        column: String,
        after: String,
    },
    /// All levels from here on.
    Rest { column: String },
}

impl TopicPattern {
    /// Reads a pattern; `None` when a brace has no partner, a name is empty, a level has two names, or the pattern holds a wildcard
    /// of MQTT.
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() || text.contains(['+', '#', '\0']) {
            return None;
        }
        let count = text.split('/').count();
        let levels = text.split('/').enumerate();
        let levels: Option<Vec<Level>> = levels
            .map(|(at, level)| Level::parse(level, at + 1 == count))
            .collect();
        Some(Self {
            text: text.to_owned(),
            levels: levels?,
        })
    }

    /// The MQTT topic filter that holds every topic of the pattern.
    pub fn filter(&self) -> String {
        let levels = self.levels.iter().map(|level| match level {
            Level::Text(text) => text.as_str(),
            Level::Part { .. } => "+",
            Level::Rest { .. } => "#",
        });
        levels.collect::<Vec<_>>().join("/")
    }

    /// The columns that the parts of `topic` become, with their values; `None` when the topic is not of this pattern. A value in
    /// single quotes, as SensorThings writes ids that are texts, loses them.
    pub fn parts<'t>(&self, topic: &'t str) -> Option<Vec<(&str, &'t str)>> {
        let mut parts = Vec::new();
        let mut rest = Some(topic);
        for level in &self.levels {
            let all = rest?;
            let (this, after) = match all.split_once('/') {
                Some((this, after)) => (this, Some(after)),
                None => (all, None),
            };
            rest = after;
            match level {
                Level::Text(text) if text == this => {}
                Level::Text(_) => return None,
                Level::Part {
                    before,
                    column,
                    after,
                } => {
                    let value = this.strip_prefix(before.as_str())?;
                    let value = value.strip_suffix(after.as_str())?;
                    parts.push((column.as_str(), unquoted(value)));
                }
                Level::Rest { column } => {
                    parts.push((column.as_str(), all));
                    rest = None;
                }
            }
        }
        rest.is_none().then_some(parts)
    }
}

impl Level {
    fn parse(level: &str, is_last: bool) -> Option<Self> {
        let Some((before, from)) = level.split_once('{') else {
            return (!level.contains('}')).then(|| Self::Text(level.to_owned()));
        };
        let (name, after) = from.split_once('}')?;
        if after.contains(['{', '}']) || before.contains('}') {
            return None;
        }
        let column = |name: &str| (!name.is_empty()).then(|| format!("topic.{name}"));
        if let Some(name) = name.strip_suffix("...") {
            let whole = is_last && before.is_empty() && after.is_empty();
            return Some(Self::Rest {
                column: column(name).filter(|_| whole)?,
            });
        }
        Some(Self::Part {
            before: before.to_owned(),
            column: column(name)?,
            after: after.to_owned(),
        })
    }
}

fn unquoted(value: &str) -> &str {
    value
        .strip_prefix('\'')
        .and_then(|value| value.strip_suffix('\''))
        .unwrap_or(value)
}

impl fmt::Display for TopicPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for TopicPattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("\"{text}\" is no pattern of topics"))
    }
}

impl<'de> Deserialize<'de> for TopicPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .try_into()
            .map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(
        "application/{application}/device/{device}/event/{event}",
        "application/+/device/+/event/+",
        "application/a1/device/01/event/up",
        &[("topic.application", "a1"), ("topic.device", "01"), ("topic.event", "up")]
    )]
    #[case(
        "v1.1/Datastreams({datastream})/Observations",
        "v1.1/+/Observations",
        "v1.1/Datastreams('a b')/Observations",
        &[("topic.datastream", "a b")]
    )]
    #[case("city/{rest...}", "city/#", "city/a/b", &[("topic.rest", "a/b")])]
    #[case("plain/topic", "plain/topic", "plain/topic", &[])]
    fn a_pattern_has_a_filter_and_finds_its_parts(
        #[case] pattern: &str,
        #[case] filter: &str,
        #[case] topic: &str,
        #[case] parts: &[(&str, &str)],
    ) {
        let pattern = TopicPattern::parse(pattern).unwrap();
        assert_eq!(pattern.filter(), filter);
        assert_eq!(pattern.parts(topic).unwrap(), parts);
    }

    #[rstest]
    #[case("a/{x}", "a")]
    #[case("a/{x}", "a/b/c")]
    #[case("a/{x}", "b/c")]
    #[case("v1.1/Datastreams({d})/Observations", "v1.1/Things(1)/Observations")]
    fn a_topic_of_another_form_has_no_parts(#[case] pattern: &str, #[case] topic: &str) {
        assert_eq!(TopicPattern::parse(pattern).unwrap().parts(topic), None);
    }

    #[rstest]
    #[case("")]
    #[case("a/+")]
    #[case("#")]
    #[case("a/{")]
    #[case("a/}")]
    #[case("a/{}")]
    #[case("{rest...}/b")]
    #[case("a/{x}{y}")]
    fn what_is_no_pattern_is_refused(#[case] pattern: &str) {
        assert_eq!(TopicPattern::parse(pattern), None);
    }
}
