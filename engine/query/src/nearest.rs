//! Names that a mistyped name may have meant.

/// The known names nearest to `name`, nearest first, at most five: those that hold it or differ in few letters. All known names
/// when none is near.
pub(crate) fn nearest(name: &str, known: &[&str]) -> Vec<String> {
    const SHOWN: usize = 5;
    let name = name.to_lowercase();
    let letters_off = name.chars().count().div_ceil(3);
    let mut near: Vec<(usize, &str)> = known
        .iter()
        .map(|known| {
            if known.contains(name.as_str()) {
                (0, *known)
            } else {
                (distance(&name, known), *known)
            }
        })
        .filter(|&(distance, _)| distance <= letters_off)
        .collect();
    near.sort_unstable();
    near.dedup();
    if near.is_empty() {
        return known.iter().map(|known| (*known).to_owned()).collect();
    }
    near.into_iter()
        .take(SHOWN)
        .map(|(_, known)| known.to_owned())
        .collect()
}

/// Levenshtein's distance: letters to insert, delete or replace.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
