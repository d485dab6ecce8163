//! What callers say, in short sentences made of parts. Nobody is named; a few leave a telephone number that nobody has.

use std::fmt::Write as _;

use rand::Rng;
use rand::seq::IndexedRandom;

use super::category::{Category, Urgency};
use super::language::Language;

const OPENINGS_ZH: [&str; 6] = [
    "市民反映：",
    "来电人反映，",
    "居民投诉：",
    "热心市民反映，",
    "您好，",
    "市民再次来电：",
];
const ASKS_ZH: [&str; 6] = [
    "，希望尽快处理。",
    "，请相关部门核实解决。",
    "，要求给予答复。",
    "，望有关单位到现场查看。",
    "，多次反映未果，请督促解决。",
    "。",
];
const OPENINGS_EN: [&str; 4] = ["", "Caller says: ", "Reported: ", "Again: "];
const ASKS_EN: [&str; 4] = [
    ". Please take care of it soon.",
    ". Please send someone to look.",
    ". Asks for an answer.",
    ".",
];

/// The text of one complaint at an address.
pub(super) fn text(
    language: Language,
    category: &Category,
    address: &str,
    rng: &mut impl Rng,
) -> String {
    let mut text = String::with_capacity(256);
    // What is urgent has not been going on for days.
    let days = match category.urgency {
        Urgency::Emergency | Urgency::Urgent => 0,
        Urgency::Ordinary | Urgency::Complex => rng.random_range(-8..20),
    };
    match language {
        Language::Zh => {
            text.push_str(one_of(&OPENINGS_ZH, rng));
            text.push_str(address);
            text.push_str(if category.outdoors {
                "附近，"
            } else {
                "，"
            });
            text.push_str(category.says);
            if days > 1 {
                put(&mut text, format_args!("，已持续{days}天"));
            }
            text.push_str(one_of(&ASKS_ZH, rng));
        }
        Language::En => {
            text.push_str(one_of(&OPENINGS_EN, rng));
            text.push_str(category.says);
            let at = if category.outdoors { "near" } else { "at" };
            put(&mut text, format_args!(" {at} {address}"));
            if days > 1 {
                put(&mut text, format_args!(", for {days} days now"));
            }
            text.push_str(one_of(&ASKS_EN, rng));
        }
    }
    if rng.random_bool(0.012) {
        // Numbers that begin with 154 are not given out.
        let number = rng.random_range(0..1_0000);
        match language {
            Language::Zh => put(&mut text, format_args!("联系电话1540000{number:04}。")),
            Language::En => put(&mut text, format_args!(" Call 555-010-{number:04}.")),
        }
    }
    text
}

fn one_of<'a>(parts: &[&'a str], rng: &mut impl Rng) -> &'a str {
    parts.choose(rng).copied().unwrap_or_default()
}

fn put(text: &mut String, part: std::fmt::Arguments<'_>) {
    text.write_fmt(part)
        .expect("writing to a string cannot fail");
}
