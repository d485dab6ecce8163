//! A quick hash for keys that nobody chooses to collide: numbers that the engine itself gave.

use std::hash::{BuildHasherDefault, Hasher};

/// Builds [`Mix`].
pub(crate) type Fast = BuildHasherDefault<Mix>;

/// Multiplies and folds each word (as `wyhash` and `FxHash` do).
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Mix(u64);

/// 2^64 over the golden ratio, odd.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
        self.write_u64(bytes.len() as u64);
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(u64::from(value));
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        let wide = u128::from(self.0 ^ value ^ FACTOR) * u128::from(FACTOR);
        #[expect(clippy::cast_possible_truncation, reason = "both halves are folded")]
        {
            self.0 = (wide as u64) ^ ((wide >> 64) as u64);
        }
    }

    fn write_u128(&mut self, value: u128) {
        #[expect(clippy::cast_possible_truncation, reason = "both halves are folded")]
        {
            self.write_u64(value as u64);
            self.write_u64((value >> 64) as u64);
        }
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }
}
