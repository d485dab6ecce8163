//! Reading vector tiles, for tests: just enough of the protocol buffers of the Vector Tile Specification 2.1.

use std::collections::BTreeMap;

#[derive(Debug)]
pub(super) struct Layer {
    pub(super) name: String,
    pub(super) version: u64,
    pub(super) extent: u64,
    pub(super) features: Vec<Feature>,
}

#[derive(Debug)]
pub(super) struct Feature {
    pub(super) kind: Kind,
    pub(super) tags: BTreeMap<String, String>,
    /// For a polygon its rings, open; for points one ring of all points.
    pub(super) rings: Vec<Vec<(i64, i64)>>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Point,
    Polygon,
}

impl Feature {
    pub(super) fn text(&self, key: &str) -> String {
        self.tags[key].clone()
    }
}

pub(super) fn decode(tile: &[u8]) -> Vec<Layer> {
    fields(tile)
        .into_iter()
        .map(|(_, field)| layer(field.bytes()))
        .collect()
}

fn layer(bytes: &[u8]) -> Layer {
    let fields = fields(bytes);
    let all = |number| {
        fields
            .iter()
            .filter(move |(n, _)| *n == number)
            .map(|(_, field)| field)
    };
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let keys: Vec<_> = all(3).map(|key| text(key.bytes())).collect();
    let values: Vec<_> = all(4)
        .map(|value| match &self::fields(value.bytes())[0].1 {
            Field::Double(number) => number.to_string(),
            Field::Number(number) => number.to_string(),
            Field::Bytes(bytes) => text(bytes),
        })
        .collect();
    let features = all(2)
        .map(|field| feature(field.bytes(), &keys, &values))
        .collect();
    Layer {
        name: text(all(1).next().unwrap().bytes()),
        version: all(15).next().unwrap().number(),
        extent: all(5).next().unwrap().number(),
        features,
    }
}

fn feature(bytes: &[u8], keys: &[String], values: &[String]) -> Feature {
    let (mut tags, mut kind, mut rings) = (BTreeMap::new(), Kind::Point, Vec::new());
    for (number, field) in fields(bytes) {
        match number {
            2 => {
                for pair in numbers(field.bytes()).chunks(2) {
                    let at = |n: u64| usize::try_from(n).unwrap();
                    tags.insert(keys[at(pair[0])].clone(), values[at(pair[1])].clone());
                }
            }
            3 if field.number() == 3 => kind = Kind::Polygon,
            4 => rings = geometry(&numbers(field.bytes())),
            _ => {}
        }
    }
    Feature { kind, tags, rings }
}

/// The commands of a geometry, each ring begun by a move and ended by a close; anything else is refused.
fn geometry(commands: &[u64]) -> Vec<Vec<(i64, i64)>> {
    let (mut rings, mut ring, mut cursor) = (Vec::new(), Vec::new(), (0, 0));
    let mut at = 0;
    while at < commands.len() {
        let (command, count) = (commands[at] & 7, commands[at] >> 3);
        at += 1;
        match command {
            1 => assert!(
                ring.is_empty(),
                "a ring begins before the last one is closed"
            ),
            2 => assert!(!ring.is_empty(), "a line begins nowhere"),
            7 => {
                rings.push(std::mem::take(&mut ring));
                continue;
            }
            _ => unreachable!("command {command}"),
        }
        for _ in 0..count {
            let step = |n: u64| i64::try_from(n >> 1).unwrap() ^ -i64::try_from(n & 1).unwrap();
            cursor = (
                cursor.0 + step(commands[at]),
                cursor.1 + step(commands[at + 1]),
            );
            ring.push(cursor);
            at += 2;
        }
    }
    if !ring.is_empty() {
        rings.push(ring);
    }
    rings
}

enum Field<'a> {
    Number(u64),
    Double(f64),
    Bytes(&'a [u8]),
}

impl<'a> Field<'a> {
    fn number(&self) -> u64 {
        match self {
            Self::Number(number) => *number,
            _ => unreachable!("not a number"),
        }
    }

    fn bytes(&self) -> &'a [u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            _ => unreachable!("not bytes"),
        }
    }
}

fn fields(mut bytes: &[u8]) -> Vec<(u64, Field<'_>)> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let field = match key & 7 {
            0 => Field::Number(varint(&mut bytes)),
            1 => {
                let (field, rest) = bytes.split_first_chunk().unwrap();
                bytes = rest;
                Field::Double(f64::from_le_bytes(*field))
            }
            2 => {
                let length = usize::try_from(varint(&mut bytes)).unwrap();
                let (field, rest) = bytes.split_at(length);
                bytes = rest;
                Field::Bytes(field)
            }
            other => unreachable!("wire type {other}"),
        };
        fields.push((key >> 3, field));
    }
    fields
}

fn numbers(mut bytes: &[u8]) -> Vec<u64> {
    let mut numbers = Vec::new();
    while !bytes.is_empty() {
        numbers.push(varint(&mut bytes));
    }
    numbers
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let (mut value, mut shift) = (0, 0);
    loop {
        let (byte, rest) = bytes.split_first().unwrap();
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return value;
        }
        shift += 7;
    }
}
