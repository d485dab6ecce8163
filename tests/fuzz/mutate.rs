//! Changes at random.

use rand::Rng;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;

/// Longest input, in bytes.
const BYTES_MAX: usize = 64 << 10;

/// What parsers stumble over.
const WORDS: [&[u8]; 34] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"null",
    b"NaN",
    b"1e999",
    b"-0",
    b"9223372036854775808",
    b"0.1e-400",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\r\n",
    b"\0",
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>",
    b"&b;",
    b"&#0;",
    b"&#x10FFFF;",
    b"<![CDATA[",
    b"]]>",
    b"<!--",
    b"2026-02-30T25:61:61+99:99",
    b"9999-12-31T23:59:59Z",
    b"\xf0\x9f\x92\xa9",
    b"\xe4\xba\xacA12345",
    b"13812345678",
    b",,,,",
    b"\"\"\"",
    b"->",
    b"1/2",
];

/// One of the seeds, changed in a few places.
pub(crate) fn changed(seeds: &[Vec<u8>], random: &mut SmallRng) -> Vec<u8> {
    let mut input = seeds.choose(random).cloned().unwrap_or_default();
    for _ in 0..random.random_range(1..=8) {
        change(&mut input, seeds, random);
        input.truncate(BYTES_MAX);
    }
    input
}

fn change(input: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut SmallRng) {
    let at = random.random_range(0..=input.len());
    let part = |random: &mut SmallRng, of: &[u8]| {
        let from = random.random_range(0..=of.len());
        let to = random.random_range(from..=of.len().min(from + 256));
        of[from..to].to_vec()
    };
    match random.random_range(0..9) {
        // One bit.
        0 if at < input.len() => input[at] ^= 1 << random.random_range(0..8),
        // One byte.
        1 if at < input.len() => input[at] = random.random(),
        2 => input.insert(at, random.random()),
        // A part goes, is doubled, or stands elsewhere as well.
        3 => {
            let to = random.random_range(at..=input.len().min(at + 64));
            input.drain(at..to);
        }
        4 => {
            let part = part(random, input);
            let times = random.random_range(1..=64);
            let many = part.repeat(times);
            input.splice(at..at, many);
        }
        // A part of another seed.
        5 => {
            let other = seeds.choose(random).cloned().unwrap_or_default();
            let part = part(random, &other);
            input.splice(at..at, part);
        }
        6 | 7 => {
            let word = WORDS.choose(random).copied().unwrap_or_default();
            let times = if random.random_ratio(1, 20) { 200 } else { 1 };
            input.splice(at..at, word.repeat(times));
        }
        _ => input.truncate(at),
    }
}
