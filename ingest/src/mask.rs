//! Personal data in free text: phone numbers, identity card numbers and e-mail addresses become [`MASK`].
//!
//! What counts, with half or full width digits:
//! - e-mail addresses;
//! - identity card numbers of the People's Republic of China, 18 places with a date of birth that exists (GB 11643);
//! - Chinese mobile numbers (11 digits from 13 to 19, perhaps in groups, perhaps after +86) and numbers with an area code (0 and two
//!   or three digits, then seven or eight);
//! - North American numbers of ten digits in groups;
//! - any number after a plus sign and a country code;
//! - a number of 6 to 20 places right after a word that says what it is: phone, tel, call, QQ, 电话, 手机, 身份证 …
//!
//! A number that is part of a longer one is none of these, and a bare run of digits such as the case number 2024090112 stays: ten
//! digits without groups may be anything.

use std::{borrow::Cow, sync::LazyLock};

use regex::Regex;
use serde_json::Value;

/// What stands in the place of personal data.
pub const MASK: &str = "***";

/// The alternatives in order of precedence where two begin at one place. `named` is masked alone, everything else as a whole.
const PERSONAL: &str = r"(?xi)
    (?<mail> [a-z0-9._%+-]+ [@＠] [a-z0-9-]+ (?: \. [a-z0-9-]+ )* \. [a-z]{2,} )
  | [1-9]\d{5} (?:18|19|20)\d{2} (?:0[1-9]|1[0-2]) (?:0[1-9]|[12]\d|3[01]) \d{3} [\dxＸ]
  | \+ \d [\d\s().-]{7,16} \d
  | (?: 86 [\s-]* )? 1[3-9]\d [\s-]? \d{4} [\s-]? \d{4}
  | [(（]? 0[1-9]\d{1,2} [)）]? [\s—－-]{0,2} \d{4} [\s-]? \d{3,4}
  | (?: 1 [\s.-]+ )? (?: \( [2-9]\d{2} \) \s* | [2-9]\d{2} [\s.-] ) \d{3} [\s.-] \d{4}
  | (?: phone | mobile | tel | call | fax | qq | wechat
      | 电话 | 手机 | 致电 | 座机 | 联系方式 | 微信 | 身份证 | 证件 )
    (?: \s* (?: at | is | number | no | 号码? | 码 | 是 | 为 ) )* [\s:：.\#(（]*
    (?<named> \d [\d\s-]{4,18} [\dxＸ] )
";

static PERSONAL_DATA: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(PERSONAL).expect("the pattern is constant and compiled in tests"));

/// The text with its personal data masked; the same text when there are none.
pub fn masked(text: &str) -> Cow<'_, str> {
    // Full width digits and signs begin with this byte in UTF-8.
    const FULL_WIDTH: u8 = 0xef;
    let may_hold = |byte: u8| byte.is_ascii_digit() || byte == b'@' || byte == FULL_WIDTH;
    if !text.bytes().any(may_hold) {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let mut kept = 0;
    let mut from = 0;
    while let Some(found) = PERSONAL_DATA.captures_at(text, from) {
        let Some(part) = found.name("named").or_else(|| found.get(0)) else {
            break;
        };
        let (before, rest) = text.split_at(part.start());
        let is_mail = found.name("mail").is_some();
        if is_mail || stands_alone(before, part.as_str(), text.get(part.end()..)) {
            out.push_str(before.get(kept..).unwrap_or_default());
            out.push_str(MASK);
            kept = part.end();
            from = kept;
        } else {
            // A part of a longer number: search on behind its digits.
            let digits = rest.find(|c| !is_digit(c)).unwrap_or(rest.len());
            let first = rest.chars().next().map_or(1, char::len_utf8);
            from = part.start() + digits.max(first);
        }
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(kept..).unwrap_or_default());
    Cow::Owned(out)
}

/// Masks every text in a JSON value, in place; member names stay.
pub fn mask_json(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(masked) = masked(text) {
                *text = masked;
            }
        }
        Value::Array(values) => values.iter_mut().for_each(mask_json),
        Value::Object(members) => members.values_mut().for_each(mask_json),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Is the number whole: not the end or the beginning of a longer one, not the decimals of one?
fn stands_alone(before: &str, number: &str, after: Option<&str>) -> bool {
    let mut back = before.chars().rev();
    let previous = back.next();
    let is_decimals = previous == Some('.') && back.next().is_some_and(is_digit);
    let begins_inside =
        number.starts_with(is_digit) && (is_decimals || previous.is_some_and(is_digit));
    let ends_inside = after.is_some_and(|after| after.starts_with(is_digit));
    !begins_inside && !ends_inside
}

/// A half or full width digit.
fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || ('０'..='９').contains(&c)
}

#[cfg(test)]
mod tests;
