//! Which of very many records are there twice, in bounded memory.
//!
//! Everything is read twice. The first time each identity marks two bits, chosen by its two halves; the second time those whose bits were
//! both marked more than once are kept and compared. Whatever is there twice is among them, so the answer is exact.

use citybrain_model::Identity;

/// Records that are looked at in one go: more of them are looked at part by part.
const PART_ROWS: u64 = 200_000_000;
/// Bits of each of the four tables: 128 MiB each.
const BITS_MAX: u64 = 1 << 30;
const BITS_MIN: u64 = 1 << 16;

/// One part of the identities.
#[derive(Debug)]
pub(super) struct Twins {
    part: u64,
    parts: u64,
    /// For each half of the identity: which bits were marked, and which more than once.
    halves: [Marks; 2],
    kept: Vec<(Identity, i64)>,
}

#[derive(Debug)]
struct Marks {
    once: Vec<u64>,
    again: Vec<u64>,
}

impl Twins {
    /// How many parts there are of so many records.
    pub(super) const fn parts(rows: u64) -> u64 {
        rows.div_ceil(PART_ROWS)
    }

    /// The `part`-th part of `rows` records in `parts`.
    pub(super) fn of(rows: u64, part: u64, parts: u64) -> Self {
        let bits = (rows / parts.max(1) * 8).next_power_of_two();
        let bits = bits.clamp(BITS_MIN, BITS_MAX);
        Self {
            part,
            parts,
            halves: [Marks::of(bits), Marks::of(bits)],
            kept: Vec::new(),
        }
    }

    /// The first time.
    pub(super) fn mark(&mut self, identity: Identity) {
        if self.is_meant(identity) {
            for (marks, half) in self.halves.iter_mut().zip(halves(identity)) {
                marks.mark(half);
            }
        }
    }

    /// The second time.
    pub(super) fn look(&mut self, identity: Identity, row_id: i64) {
        let mut both = self.halves.iter().zip(halves(identity));
        if self.is_meant(identity) && both.all(|(marks, half)| marks.is_again(half)) {
            self.kept.push((identity, row_id));
        }
    }

    /// The rows of the same record, two by two, without those that `is_replaced`.
    pub(super) fn found(mut self, is_replaced: impl Fn(i64) -> bool) -> Vec<(i64, i64)> {
        self.kept.retain(|(_, row_id)| !is_replaced(*row_id));
        self.kept.sort_unstable();
        let pairs = self.kept.windows(2);
        pairs
            .filter(|pair| pair[0].0 == pair[1].0)
            .map(|pair| (pair[0].1, pair[1].1))
            .collect()
    }

    fn is_meant(&self, identity: Identity) -> bool {
        // Other bits than those that choose the marks.
        self.parts <= 1 || (halves(identity)[0] >> 32) % self.parts == self.part
    }
}

impl Marks {
    fn of(bits: u64) -> Self {
        let words = usize::try_from(bits / 64).unwrap_or(usize::MAX);
        Self {
            once: vec![0; words],
            again: vec![0; words],
        }
    }

    fn mark(&mut self, half: u64) {
        let (word, bit) = self.place(half);
        self.again[word] |= self.once[word] & bit;
        self.once[word] |= bit;
    }

    fn is_again(&self, half: u64) -> bool {
        let (word, bit) = self.place(half);
        self.again[word] & bit != 0
    }

    fn place(&self, half: u64) -> (usize, u64) {
        let word = (half / 64) & (self.once.len() as u64 - 1);
        (
            usize::try_from(word).expect("it is below the table's length"),
            1 << (half % 64),
        )
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the two halves of 128 bits are what is wanted"
)]
const fn halves(identity: Identity) -> [u64; 2] {
    [identity.0 as u64, (identity.0 >> 64) as u64]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(number: u64) -> Identity {
        Identity::of("feed", &number.to_string())
    }

    #[test]
    fn what_is_there_twice_is_found_in_one_part_and_in_three_and_nothing_else() {
        let rows = 300_000;
        // Every 1,000th record is there twice, and every 3,000th of these is a state that was replaced.
        let records = || {
            (0..rows).map(|row: u64| {
                let twin = row >= rows - rows / 1_000;
                let number = if twin { (rows - 1 - row) * 1_000 } else { row };
                (identity(number), row.cast_signed())
            })
        };
        let replaced = |row: i64| row < 280_000 && row % 3_000 == 0;
        for parts in [1, 3] {
            let mut found = Vec::new();
            for part in 0..parts {
                let mut twins = Twins::of(rows, part, parts);
                records().for_each(|(identity, _)| twins.mark(identity));
                records().for_each(|(identity, row)| twins.look(identity, row));
                found.extend(twins.found(replaced));
            }
            found.sort_unstable();
            let expected: Vec<(i64, i64)> = (0..300)
                .map(|twin| (twin * 1_000, 299_999 - twin))
                .filter(|(row, _)| !replaced(*row) && *row < 299_700)
                .collect();
            assert_eq!(found, expected, "{parts} parts");
        }
        assert_eq!([Twins::parts(1), Twins::parts(PART_ROWS + 1)], [1, 2]);
    }
}
