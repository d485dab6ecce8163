//! The one form in which names and texts are compared.

use std::collections::HashMap;
use std::sync::LazyLock;

use ferrous_opencc::{OpenCC, config::BuiltinConfig};
use unicode_normalization::UnicodeNormalization;

/// A text in the form in which it is compared:
///
/// 1. NFKC, so that full and half width are one, and small letters;
/// 2. simplified characters, **each by itself**: what a character becomes does not depend on its neighbours, so that a folded name
///    stands in every folded text that holds the name;
/// 3. every word of letters and digits stands between two blanks of its own, so that a pattern that begins and ends with a word
///    matches whole words only (`" main  st "` is in neither "domain st" nor "main stop"); characters of scripts without blanks
///    stand bare: `A区 3号楼` is `" a 区 3 号楼"`;
/// 4. blanks, dots, hyphens, slashes and their like go, apostrophes too; any other sign is one comma, which no name crosses.
///    Commas at both ends go.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len() + 8);
    let mut in_word = false;
    for character in text.nfkc().flat_map(char::to_lowercase) {
        let kind = Kind::of(character);
        if in_word && !matches!(kind, Kind::Word | Kind::Nothing) {
            folded.push(' ');
            in_word = false;
        }
        match kind {
            Kind::Bare => folded.push(simplified(character)),
            Kind::Word => {
                if !in_word {
                    folded.push(' ');
                    in_word = true;
                }
                folded.push(character);
            }
            Kind::Stop if !folded.is_empty() && !folded.ends_with(',') => folded.push(','),
            Kind::Stop | Kind::Blank | Kind::Nothing => {}
        }
    }
    if in_word {
        folded.push(' ');
    }
    folded.truncate(folded.trim_end_matches(',').len());
    folded
}

/// Characters in a folded name, the blanks around words not counted.
pub(super) fn length(folded: &str) -> usize {
    folded.chars().filter(|c| *c != ' ').count()
}

/// Is the character of a script that is written without blanks?
pub(super) fn is_bare(character: char) -> bool {
    matches!(character,
        '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30fa}' | '\u{30fc}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

enum Kind {
    /// Of a script without blanks.
    Bare,
    /// A letter or digit of any other script.
    Word,
    /// Divides words and nothing else.
    Blank,
    /// Ends what a name can be.
    Stop,
    /// Does not even divide words.
    Nothing,
}

impl Kind {
    fn of(character: char) -> Self {
        match character {
            c if is_bare(c) => Self::Bare,
            c if c.is_alphanumeric() => Self::Word,
            '\'' | '\u{2018}' | '\u{2019}' | '`' | '\u{200b}'..='\u{200d}' | '\u{feff}' => {
                Self::Nothing
            }
            // A mark that NFKC left on its letter.
            '\u{300}'..='\u{36f}' => Self::Word,
            '.' | '-' | '/' | '&' | '#' | '_' | '\u{b7}' | '\u{2010}'..='\u{2015}' | '\u{30fb}' => {
                Self::Blank
            }
            c if c.is_whitespace() || c.is_control() => Self::Blank,
            _ => Self::Stop,
        }
    }
}

fn simplified(character: char) -> char {
    SIMPLIFIED.get(&character).copied().unwrap_or(character)
}

/// The characters that have a simplified form, with it.
static SIMPLIFIED: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let converter = OpenCC::from_config(BuiltinConfig::T2s)
        .expect("the dictionary is part of the program and read in tests");
    let mut forms = HashMap::new();
    for character in ('\u{3400}'..='\u{9fff}').chain('\u{20000}'..='\u{2fa1f}') {
        let converted = converter.convert(character.encode_utf8(&mut [0; 4]));
        let mut converted = converted.chars();
        if let (Some(form), None) = (converted.next(), converted.next())
            && form != character
        {
            forms.insert(character, form);
        }
    }
    forms
});

#[cfg(test)]
mod tests;
