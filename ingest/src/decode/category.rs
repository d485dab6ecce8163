//! Category names and paths.

use std::collections::HashMap;

use crate::profile::{Case, CategoryRule};

/// What joins the levels of a category path.
pub(super) const PATH_SEPARATOR: &str = "->";

/// English words that title case leaves small inside a name.
const SMALL: [&str; 18] = [
    "a", "an", "and", "as", "at", "by", "for", "from", "in", "of", "on", "or", "per", "the", "to",
    "via", "with", "without",
];
/// Longest word alone in parentheses that counts as an abbreviation.
const ABBREVIATION_CHARS: usize = 5;
/// Spellings that are remembered; a feed with more different names has names that are no categories.
const REMEMBERED_MAX: usize = 20_000;

/// Spells the category names of one source.
#[derive(Debug)]
pub(super) struct Categories {
    case: Case,
    spelling: HashMap<String, String>,
    remembered: HashMap<String, String>,
}

impl Categories {
    pub(super) fn new(rule: &CategoryRule) -> Self {
        let spelling = rule.spelling.iter();
        Self {
            case: rule.case,
            spelling: spelling
                .map(|name| (name.to_lowercase(), name.clone()))
                .collect(),
            remembered: HashMap::new(),
        }
    }

    /// A category and its path from the two fields that may give them: the path's levels spelled and joined by `->`, and its last
    /// level. A category that is itself a path counts as one; a category beside a path is spelled and kept.
    pub(super) fn of(
        &mut self,
        category: Option<&str>,
        path: Option<&str>,
    ) -> (Option<String>, Option<String>) {
        let Some(path) = path.or(category) else {
            return (None, None);
        };
        let mut spelled = String::with_capacity(path.len());
        let mut last = None;
        for level in path.split(PATH_SEPARATOR).map(str::trim) {
            if level.is_empty() {
                continue;
            }
            if last.is_some() {
                spelled.push_str(PATH_SEPARATOR);
            }
            let start = spelled.len();
            spelled.push_str(self.spelled(level));
            last = Some(start);
        }
        let lowest = last
            .and_then(|start| spelled.get(start..))
            .map(str::to_owned);
        let own = category.filter(|category| !category.contains(PATH_SEPARATOR));
        let category = match own {
            Some(category) => Some(self.spelled(category).to_owned()),
            None => lowest,
        };
        (category, last.map(|_| spelled))
    }

    fn spelled<'a>(&'a mut self, name: &'a str) -> &'a str {
        if self.case == Case::Keep && self.spelling.is_empty() {
            return name;
        }
        if !self.remembered.contains_key(name) {
            if self.remembered.len() >= REMEMBERED_MAX {
                self.remembered.clear();
            }
            let spelled = self.spell(name);
            self.remembered.insert(name.to_owned(), spelled);
        }
        self.remembered.get(name).map_or(name, String::as_str)
    }

    fn spell(&self, name: &str) -> String {
        let lower = name.to_lowercase();
        if let Some(spelling) = self.spelling.get(&lower) {
            return spelling.clone();
        }
        match self.case {
            Case::Keep => name.to_owned(),
            Case::Title => title_case(&lower),
        }
    }
}

/// English title case of a name in lower case, so that names that differ by case alone become one: each word begins with a capital;
/// small words stay small inside the name; a word with a digit, and a word of up to five letters alone in parentheses, is an
/// abbreviation in capitals: `noise: air condition (nv1)` becomes `Noise: Air Condition (NV1)`.
fn title_case(lower: &str) -> String {
    let mut out = String::with_capacity(lower.len());
    let mut rest = lower;
    while let Some(start) = rest.find(char::is_alphanumeric) {
        let (before, from) = rest.split_at(start);
        let is_part = |c: char| c.is_alphanumeric() || c == '\'' || c == '’';
        let (word, after) = from.split_at(from.find(|c| !is_part(c)).unwrap_or(from.len()));
        let follows_blank = before.ends_with(' ');
        let in_parentheses = before.ends_with('(') && after.starts_with(')');
        let is_abbreviation = (in_parentheses && word.chars().count() <= ABBREVIATION_CHARS)
            || word.chars().any(|c| c.is_ascii_digit());
        out.push_str(before);
        if is_abbreviation {
            out.push_str(&word.to_uppercase());
        } else if follows_blank && !out.trim().is_empty() && SMALL.contains(&word) {
            out.push_str(word);
        } else {
            let mut letters = word.chars();
            out.extend(letters.next().into_iter().flat_map(char::to_uppercase));
            out.push_str(letters.as_str());
        }
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests;
