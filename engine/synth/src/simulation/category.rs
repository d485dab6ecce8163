//! What complaints are about: the category tree as data, and how each category behaves.

use std::sync::Arc;

use serde::Deserialize;

use super::behaviour::BEHAVIOURS;
use super::language::Language;
use super::rhythm::Pattern;

const TREE: &str = include_str!("../../../../data/categories/sample.toml");

/// How fast a complaint must be handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Urgency {
    Emergency,
    Urgent,
    Ordinary,
    Complex,
}

impl Urgency {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Emergency => "emergency",
            Self::Urgent => "urgent",
            Self::Ordinary => "ordinary",
            Self::Complex => "complex",
        }
    }

    /// The time limit in seconds: 2 h, 24 h, 7 d, 15 d.
    pub(super) const fn limit_s(self) -> i64 {
        match self {
            Self::Emergency => 2 * 3600,
            Self::Urgent => 24 * 3600,
            Self::Ordinary => 7 * 86_400,
            Self::Complex => 15 * 86_400,
        }
    }
}

/// One leaf of the tree.
#[derive(Debug)]
pub(super) struct Category {
    pub(super) code: &'static str,
    pub(super) name: Arc<str>,
    pub(super) path: Arc<str>,
    pub(super) agency: Arc<str>,
    pub(super) tag: Arc<str>,
    pub(super) urgency: Urgency,
    /// Share of all complaints over a year; all shares add up to 1.
    pub(super) share: f64,
    pub(super) pattern: Pattern,
    /// Median of the time to close in hours.
    pub(super) close_h: f64,
    /// Outside: the place is somewhere along the street, not the building itself.
    pub(super) outdoors: bool,
    /// What the caller says.
    pub(super) says: &'static str,
}

#[derive(Deserialize)]
struct Tree {
    category: Vec<Leaf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Leaf {
    code: String,
    path: Words,
    agency: Words,
    urgency: Urgency,
    tag: Words,
}

#[derive(Deserialize)]
struct Words {
    zh: String,
    en: String,
}

impl Words {
    fn in_language(&self, language: Language) -> &str {
        match language {
            Language::Zh => &self.zh,
            Language::En => &self.en,
        }
    }
}

/// All categories, the most frequent first; shares fall off as 1 / (rank + 2) (Zipf's law with Mandelbrot's shift).
pub(super) fn categories(language: Language) -> Vec<Category> {
    let tree: Tree = toml::from_str(TREE).expect("the tree that is built in is tested to be read");
    let behaviours = BEHAVIOURS.iter();
    let mut categories: Vec<Category> = tree
        .category
        .iter()
        .zip(1_u32..)
        .filter_map(|(leaf, rank)| {
            let behaviour = behaviours.clone().find(|b| b.code == leaf.code)?;
            let path = leaf.path.in_language(language);
            let name = path.rsplit("->").next().unwrap_or(path);
            Some(Category {
                code: behaviour.code,
                name: name.into(),
                path: path.into(),
                agency: leaf.agency.in_language(language).into(),
                tag: leaf.tag.in_language(language).into(),
                urgency: leaf.urgency,
                share: 1.0 / f64::from(rank + 2),
                pattern: Pattern {
                    day: behaviour.day,
                    week: behaviour.week,
                    season: behaviour.season,
                },
                close_h: behaviour.close_h,
                outdoors: behaviour.outdoors,
                says: match language {
                    Language::Zh => behaviour.zh,
                    Language::En => behaviour.en,
                },
            })
        })
        .collect();
    let sum: f64 = categories.iter().map(|category| category.share).sum();
    for category in &mut categories {
        category.share /= sum;
    }
    categories
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_leaf_of_the_tree_behaves_and_every_behaviour_has_its_leaf() {
        let tree: Tree = toml::from_str(TREE).unwrap();
        let leaves: HashSet<&str> = tree
            .category
            .iter()
            .map(|leaf| leaf.code.as_str())
            .collect();
        let behaviours: HashSet<&str> = BEHAVIOURS.iter().map(|b| b.code).collect();
        assert_eq!(leaves.len(), tree.category.len());
        assert_eq!(leaves, behaviours);
    }

    #[test]
    fn names_are_unique_in_both_languages_and_shares_are_a_distribution() {
        for language in [Language::Zh, Language::En] {
            let categories = categories(language);
            let names: HashSet<_> = categories.iter().map(|category| &category.name).collect();
            assert_eq!(names.len(), categories.len());
            let sum: f64 = categories.iter().map(|category| category.share).sum();
            approx::assert_relative_eq!(sum, 1.0, epsilon = 1e-12);
            assert!(categories.is_sorted_by(|a, b| a.share > b.share));
        }
    }
}
