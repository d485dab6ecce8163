//! Texts as small numbers.

use std::collections::HashMap;

/// Texts that rules compare and count by (categories, areas, sensors …), each kept once. Number 0 is no text.
#[derive(Debug)]
pub(crate) struct Words {
    ids: HashMap<Box<str>, u32>,
    texts: Vec<Box<str>>,
}

/// Most texts: about 100 MB.
pub(crate) const WORDS_MAX: usize = 1_000_000;

impl Words {
    pub(crate) fn new() -> Self {
        Self {
            ids: HashMap::new(),
            texts: vec!["".into()],
        }
    }

    /// The number of a text; 0 for none, and for a new text when there are too many.
    pub(crate) fn id(&mut self, text: Option<&str>) -> u32 {
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            return 0;
        };
        if let Some(&id) = self.ids.get(text) {
            return id;
        }
        if self.texts.len() > WORDS_MAX {
            return 0;
        }
        let id = u32::try_from(self.texts.len()).expect("there are at most a million");
        self.texts.push(text.into());
        self.ids.insert(text.into(), id);
        id
    }

    /// The text of a number; none for 0.
    pub(crate) fn text(&self, id: u32) -> Option<&str> {
        (id != 0).then(|| &*self.texts[id as usize])
    }

    /// Texts that are kept.
    pub(crate) const fn len(&self) -> usize {
        self.texts.len() - 1
    }
}
