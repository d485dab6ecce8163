//! Numbers for places, kinds and the texts they are made of.

use std::collections::HashMap;
use std::hash::Hash;

use super::{CountedKind, CountedPlace};

/// Numbers that were given and never change: a text, a place and a kind each by the order in which it first occurred. Text 0 is none.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    texts: Numbered<String>,
    places: Numbered<PlaceKey>,
    kinds: Numbered<KindKey>,
}

/// A base cell (0 for none) and the texts of its areas.
pub(super) type PlaceKey = (u64, [u32; 4]);
/// The texts of category, category path, channel and status.
pub(super) type KindKey = [u32; 4];

#[derive(Debug)]
struct Numbered<T> {
    values: Vec<T>,
    numbers: HashMap<T, u32>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            numbers: HashMap::new(),
        }
    }
}

impl<T: Hash + Eq + Clone> Numbered<T> {
    fn number(&mut self, value: &T) -> u32 {
        if let Some(&number) = self.numbers.get(value) {
            return number;
        }
        let number = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        self.values.push(value.clone());
        self.numbers.insert(value.clone(), number);
        number
    }
}

/// How many of each there are: what is beyond is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sizes {
    pub(super) texts: usize,
    pub(super) places: usize,
    pub(super) kinds: usize,
}

impl Dictionary {
    /// The number of a text.
    pub(super) fn text(&mut self, text: &str) -> u32 {
        if let Some(&number) = self.texts.numbers.get(text) {
            return number + 1;
        }
        self.texts.number(&text.to_owned()) + 1
    }

    pub(super) fn place(&mut self, key: PlaceKey) -> u32 {
        self.places.number(&key)
    }

    pub(super) fn kind(&mut self, key: KindKey) -> u32 {
        self.kinds.number(&key)
    }

    pub(super) fn sizes(&self) -> Sizes {
        Sizes {
            texts: self.texts.values.len(),
            places: self.places.values.len(),
            kinds: self.kinds.values.len(),
        }
    }

    /// The texts, places and kinds after the first `sizes`.
    pub(super) fn after(&self, sizes: Sizes) -> (&[String], &[PlaceKey], &[KindKey]) {
        (
            &self.texts.values[sizes.texts..],
            &self.places.values[sizes.places..],
            &self.kinds.values[sizes.kinds..],
        )
    }

    pub(super) fn places<T>(&self, mut value: impl FnMut(CountedPlace<'_>) -> T) -> Vec<T> {
        let places = self.places.values.iter();
        places
            .map(|(cell, areas)| {
                value(CountedPlace {
                    cell: (*cell != 0).then_some(*cell),
                    areas: areas.map(|text| self.text_of(text)),
                })
            })
            .collect()
    }

    pub(super) fn kinds<T>(&self, mut value: impl FnMut(CountedKind<'_>) -> T) -> Vec<T> {
        let kinds = self.kinds.values.iter();
        kinds
            .map(|texts| {
                let [category, category_path, channel, status] =
                    texts.map(|text| self.text_of(text));
                value(CountedKind {
                    category,
                    category_path,
                    channel,
                    status,
                })
            })
            .collect()
    }

    fn text_of(&self, number: u32) -> Option<&str> {
        let at = usize::try_from(number.checked_sub(1)?).ok()?;
        self.texts.values.get(at).map(String::as_str)
    }
}
