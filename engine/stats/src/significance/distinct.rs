//! Few different scores among many: sums of counts repeat, and what repeats is computed once.

/// Stands for NaN.
const UNDEFINED: u32 = u32::MAX;

/// The different values of a column.
#[derive(Debug)]
pub(super) struct Distinct {
    /// Each value once, in the order of its first place; never NaN.
    pub(super) values: Vec<f64>,
    /// How often each stands in the column.
    pub(super) counts: Vec<usize>,
    /// For each place which value it has.
    numbers: Vec<u32>,
}

impl Distinct {
    /// `None` for more than `limit` different values: then there is little to gain.
    pub(super) fn of(column: &[f64], limit: usize) -> Option<Self> {
        // Open addressing in a table that is at least half empty.
        let size = (2 * limit.max(1)).next_power_of_two();
        let mut table = vec![UNDEFINED; size];
        let mut distinct = Self {
            values: Vec::new(),
            counts: Vec::new(),
            numbers: Vec::with_capacity(column.len()),
        };
        for &value in column {
            if value.is_nan() {
                distinct.numbers.push(UNDEFINED);
                continue;
            }
            let mut slot = slot(value, size);
            let number = loop {
                let number = table[slot];
                if number == UNDEFINED {
                    if distinct.values.len() == limit {
                        return None;
                    }
                    let new = u32::try_from(distinct.values.len()).ok()?;
                    table[slot] = new;
                    distinct.values.push(value);
                    distinct.counts.push(0);
                    break new;
                }
                if distinct.values[number as usize].to_bits() == value.to_bits() {
                    break number;
                }
                slot = (slot + 1) & (size - 1);
            };
            distinct.counts[number as usize] += 1;
            distinct.numbers.push(number);
        }
        Some(distinct)
    }

    /// A column with what belongs to each value; NaN where the column was NaN.
    pub(super) fn spread(&self, of_values: &[f64]) -> Vec<f64> {
        let at = |&number: &u32| of_values.get(number as usize).copied().unwrap_or(f64::NAN);
        self.numbers.iter().map(at).collect()
    }
}

/// Where the search for a value begins, in a table whose size is a power of two.
fn slot(value: f64, size: usize) -> usize {
    // Multiplicative hashing (Knuth): the high bits of the product depend on all bits of the value.
    let mixed = value.to_bits().wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 32) as usize & (size - 1)
}
