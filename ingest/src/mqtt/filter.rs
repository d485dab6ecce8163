//! Topic filters.

/// Does a topic match an MQTT topic filter, with `+` for one level and `#` for all that follow? A wildcard at the beginning
/// does not match topics that begin with `$` (MQTT 3.1.1, 4.7.2).
pub fn filter_matches(filter: &str, topic: &str) -> bool {
    if topic.starts_with('$') && filter.starts_with(['+', '#']) {
        return false;
    }
    let filter = filter
        .strip_prefix("$share/")
        .and_then(|shared| shared.split_once('/'))
        .map_or(filter, |(_, filter)| filter);
    let mut levels = topic.split('/');
    for wanted in filter.split('/') {
        match (wanted, levels.next()) {
            ("#", _) => return true,
            ("+", Some(_)) => {}
            (wanted, Some(level)) if wanted == level => {}
            _ => return false,
        }
    }
    levels.next().is_none()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::filter_matches;

    #[rstest]
    #[case("a/b", "a/b", true)]
    #[case("a/+", "a/b", true)]
    #[case("a/+", "a/b/c", false)]
    #[case("a/#", "a/b/c", true)]
    #[case("a/#", "a", true)]
    #[case("#", "a/b", true)]
    #[case("#", "$SYS/x", false)]
    #[case("+/b", "é/b", true)]
    #[case("$share/group/a/+", "a/b", true)]
    #[case("a", "", false)]
    #[case("+", "", true)]
    fn a_filter_matches_as_the_standard_says(
        #[case] filter: &str,
        #[case] topic: &str,
        #[case] expected: bool,
    ) {
        assert_eq!(filter_matches(filter, topic), expected, "{filter} {topic}");
    }
}
