//! A bounded sample of the records that went by.

use super::SAMPLE_MAX;

/// One record: coordinates as given, instant in µs since 1970, declared areas by `AreaLevel::index()` as indices into `Level::areas`
/// or `NOWHERE`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sampled {
    pub(super) lon: f64,
    pub(super) lat: f64,
    pub(super) at: i64,
    pub(super) areas: [u32; 4],
}

/// Each record that was offered is in it with the same chance (algorithm R).
#[derive(Debug, Default)]
pub(super) struct Sample {
    rows: Vec<Sampled>,
    offered: u64,
}

impl Sample {
    pub(super) fn offer(&mut self, row: Sampled) {
        self.offered += 1;
        if self.rows.len() < SAMPLE_MAX {
            self.rows.push(row);
            return;
        }
        // The remainder favours small numbers by less than 10⁻⁹ for any file that exists.
        let at = mixed(self.offered) % self.offered;
        if let Some(kept) = usize::try_from(at)
            .ok()
            .and_then(|at| self.rows.get_mut(at))
        {
            *kept = row;
        }
    }

    pub(super) const fn offered(&self) -> u64 {
        self.offered
    }

    pub(super) fn rows(&self) -> &[Sampled] {
        &self.rows
    }
}

/// The `n`th number of the `SplitMix64` generator from seed 0 (Steele, Lea and Flood, Fast splittable pseudorandom number generators,
/// 2014).
const fn mixed(n: u64) -> u64 {
    let z = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
