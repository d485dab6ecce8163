//! Topic filters: which topics one matches, and which of several are needed.

/// Does a topic match an MQTT topic filter, with `+` for one level and `#` for all that follow? A wildcard at the beginning
/// does not match topics that begin with `$` (MQTT 3.1.1, 4.7.2).
pub fn filter_matches(filter: &str, topic: &str) -> bool {
    if topic.starts_with('$') && filter.starts_with(['+', '#']) {
        return false;
    }
    let (_, filter) = group(filter);
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

/// Does a filter match every topic that another one matches? A shared subscription is only compared with one of its own group.
pub(super) fn covers(wide: &str, narrow: &str) -> bool {
    let (wide_group, wide) = group(wide);
    let (narrow_group, narrow) = group(narrow);
    // A wildcard at the beginning leaves topics with `$` out.
    if wide_group != narrow_group || (narrow.starts_with('$') && wide.starts_with(['+', '#'])) {
        return false;
    }
    let mut narrow = narrow.split('/');
    for level in wide.split('/') {
        match (level, narrow.next()) {
            ("#", _) => return true,
            ("+", Some(level)) if level != "#" => {}
            (level, Some(same)) if level == same => {}
            _ => return false,
        }
    }
    narrow.next().is_none()
}

/// The group of a shared subscription, and the filter without it.
fn group(filter: &str) -> (Option<&str>, &str) {
    let shared = filter.strip_prefix("$share/");
    match shared.and_then(|shared| shared.split_once('/')) {
        Some((group, filter)) => (Some(group), filter),
        None => (None, filter),
    }
}

/// What a connection subscribes to, and what it leaves out: **filters that others cover**, for a broker sends a message once for each
/// filter that matches its topic (MQTT 3.1.1, 3.3.5). Filters of which none covers the other may still match one topic, as `a/+/c` and
/// `a/b/+` do.
pub(super) fn needed(filters: &[String]) -> (Vec<String>, Vec<String>) {
    let is_needed = |at: usize| {
        let filter = &filters[at];
        filters.iter().enumerate().all(|(other, wide)| {
            // Of equal ones the first is kept.
            other == at || !covers(wide, filter) || (covers(filter, wide) && at < other)
        })
    };
    let (needed, covered): (Vec<usize>, _) = (0..filters.len()).partition(|at| is_needed(*at));
    let of = |places: Vec<usize>| places.into_iter().map(|at| filters[at].clone());
    let needed: Vec<String> = of(needed).collect();
    let covered = of(covered).filter(|filter| !needed.contains(filter));
    (needed.clone(), covered.collect())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{covers, filter_matches, needed};

    /// All paths of one to `depth` levels of these words.
    fn paths(words: &[&str], depth: usize) -> Vec<String> {
        let mut all: Vec<String> = words.iter().map(ToString::to_string).collect();
        let mut longest = all.clone();
        for _ in 1..depth {
            longest = longest
                .iter()
                .flat_map(|path| words.iter().map(move |word| format!("{path}/{word}")))
                .collect();
            all.extend(longest.clone());
        }
        all
    }

    #[test]
    fn a_filter_covers_those_whose_topics_it_has_all() {
        let topics = paths(&["a", "b", "$c"], 4);
        let mut filters = paths(&["a", "+", "$c"], 3);
        let tails: Vec<String> = filters.iter().map(|filter| format!("{filter}/#")).collect();
        filters.extend(tails);
        filters.push("#".to_owned());
        for wide in &filters {
            for narrow in &filters {
                let mut of_narrow = topics.iter().filter(|topic| filter_matches(narrow, topic));
                let has_all = of_narrow.all(|topic| filter_matches(wide, topic));
                // They match the same topics, and one of them is kept by the other.
                let same = wide == "+/#" && narrow == "#";
                assert_eq!(covers(wide, narrow) || same, has_all, "{wide} {narrow}");
            }
        }
    }

    #[rstest]
    #[case(&["analytics/+/+", "analytics/+/+/#", "people-flow/+"], &["analytics/+/+/#", "people-flow/+"], &["analytics/+/+"])]
    #[case(&["a/b", "a/b", "a/#"], &["a/#"], &["a/b", "a/b"])]
    #[case(&["a/b", "a/b"], &["a/b"], &[])]
    #[case(&["a/+/c", "a/b/+"], &["a/+/c", "a/b/+"], &[])]
    #[case(&["$share/g/a/b", "a/#", "$share/g/a/+"], &["a/#", "$share/g/a/+"], &["$share/g/a/b"])]
    fn what_others_cover_is_not_subscribed_to(
        #[case] filters: &[&str],
        #[case] expected: &[&str],
        #[case] left_out: &[&str],
    ) {
        let owned = |filters: &[&str]| filters.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(needed(&owned(filters)), (owned(expected), owned(left_out)));
    }

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
