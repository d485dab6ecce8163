//! Words, values and signs of an expression.

use chrono::{NaiveDate, NaiveTime};

use super::time::{parse_duration, parse_interval, parse_time};
use super::{Literal, ODataError};

/// A token, and where it begins (characters from 0).
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Open,
    Close,
    Comma,
    Minus,
    Literal(Literal),
    /// An operator's word, a path or a function's name: the grammar says which.
    Word(String),
}

/// Longest expression.
pub(super) const LENGTH_MAX: usize = 32_768;

/// Cuts an expression into tokens.
pub(super) fn tokens(option: &'static str, text: &str) -> Result<Vec<(usize, Token)>, ODataError> {
    if text.len() > LENGTH_MAX {
        return Err(ODataError::Length {
            option,
            max: LENGTH_MAX,
        });
    }
    let mut reader = Reader {
        option,
        text,
        chars: text.chars().collect(),
        at: 0,
    };
    let mut tokens = Vec::new();
    while let Some(c) = reader.peek() {
        let start = reader.at;
        let token = match c {
            c if c.is_whitespace() => {
                reader.at += 1;
                continue;
            }
            '(' => reader.sign(Token::Open),
            ')' => reader.sign(Token::Close),
            ',' => reader.sign(Token::Comma),
            '\'' => Token::Literal(Literal::Text(reader.quoted()?)),
            '-' if !reader.next_is_digit() => reader.sign(Token::Minus),
            '-' | '0'..='9' => Token::Literal(reader.number_or_time()?),
            c if is_word_start(c) => reader.word()?,
            _ => return Err(reader.expected(start, "a property, a value or a function")),
        };
        tokens.push((start, token));
    }
    Ok(tokens)
}

struct Reader<'a> {
    option: &'static str,
    text: &'a str,
    chars: Vec<char>,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next_is_digit(&self) -> bool {
        self.chars
            .get(self.at + 1)
            .is_some_and(char::is_ascii_digit)
    }

    fn sign(&mut self, token: Token) -> Token {
        self.at += 1;
        token
    }

    fn expected(&self, position: usize, expected: &str) -> ODataError {
        ODataError::Syntax {
            option: self.option,
            expected: expected.to_owned(),
            position,
            text: self.text.to_owned(),
        }
    }

    /// A text in single quotes; two of them are one.
    fn quoted(&mut self) -> Result<String, ODataError> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        while let Some(c) = self.peek() {
            self.at += 1;
            if c != '\'' {
                text.push(c);
            } else if self.peek() == Some('\'') {
                text.push('\'');
                self.at += 1;
            } else {
                return Ok(text);
            }
        }
        Err(self.expected(start, "a text with a quote at its end"))
    }

    fn run(&mut self, belongs: impl Fn(char) -> bool) -> String {
        let start = self.at;
        while self.peek().is_some_and(&belongs) {
            self.at += 1;
        }
        self.chars[start..self.at].iter().collect()
    }

    fn number_or_time(&mut self) -> Result<Literal, ODataError> {
        let start = self.at;
        let mut text =
            self.run(|c| c.is_ascii_alphanumeric() || matches!(c, ':' | '.' | '+' | '-' | '/'));
        // `+08:00` whose plus sign has become a blank on its way.
        if text.contains('T')
            && self.peek() == Some(' ')
            && self.next_is_digit()
            && !has_zone(&text)
        {
            self.at += 1;
            let zone =
                self.run(|c| c.is_ascii_alphanumeric() || matches!(c, ':' | '.' | '+' | '-' | '/'));
            text = format!("{text}+{zone}");
        }
        let bare = |text: &str| {
            text.trim_end_matches(['L', 'l', 'd', 'f', 'm', 'M', 'D', 'F'])
                .parse()
                .ok()
        };
        if let Some(number) = text.parse().ok().or_else(|| bare(&text)) {
            let number: f64 = number;
            if number.is_finite() {
                return Ok(Literal::Number(number));
            }
        }
        if let Some(at) = parse_time(&text) {
            return Ok(Literal::Instant(at));
        }
        if let Some((from, to)) = parse_interval(&text) {
            return Ok(Literal::Interval(from, to));
        }
        if let Ok(date) = NaiveDate::parse_from_str(&text, "%Y-%m-%d") {
            return Ok(Literal::Date(date));
        }
        NaiveTime::parse_from_str(&text, "%H:%M:%S%.f")
            .or_else(|_| NaiveTime::parse_from_str(&text, "%H:%M"))
            .map(Literal::TimeOfDay)
            .map_err(|_error| {
                self.expected(start, "a number, an instant with a zone, a date or a time")
            })
    }

    fn word(&mut self) -> Result<Token, ODataError> {
        let start = self.at;
        let word = self
            .run(|c| is_word_start(c) || c.is_ascii_digit() || matches!(c, '.' | '/' | '-' | ':'));
        if self.peek() != Some('\'') {
            return Ok(match word.as_str() {
                "null" => Token::Literal(Literal::Null),
                "true" => Token::Literal(Literal::Boolean(true)),
                "false" => Token::Literal(Literal::Boolean(false)),
                _ => Token::Word(word),
            });
        }
        let text = self.quoted()?;
        let literal = match word.as_str() {
            "duration" => parse_duration(&text)
                .map(Literal::Duration)
                .ok_or_else(|| self.expected(start, "a duration such as duration'PT1H30M'"))?,
            "geography" | "geometry" => {
                // The reference system is always WGS 84.
                let wkt = text.split_once(';').map_or(text.as_str(), |(_, wkt)| wkt);
                Literal::Geometry(wkt.to_owned())
            }
            "datetime" | "datetimeoffset" => parse_time(&text)
                .map(Literal::Instant)
                .ok_or_else(|| self.expected(start, "an instant with a zone"))?,
            _ => return Err(self.expected(start, "duration'…', geography'…' or datetime'…'")),
        };
        Ok(Token::Literal(literal))
    }
}

fn is_word_start(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '_' | '@' | '$' | '*')
}

fn has_zone(text: &str) -> bool {
    text.split_once('T')
        .is_some_and(|(_, time)| time.contains(['Z', '+', '-']))
}
