//! When two records are the same record.

use xxhash_rust::xxh3::Xxh3;

/// A record's identity: 128 bits of XXH3 over its (source, id) or, for an observation without an id, over its (source,
/// datastream, phenomenon time). Two records with one identity are one record sent twice or corrected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity(pub u128);

impl Identity {
    /// The identity of the record `id` of `source`.
    pub fn of(source: &str, id: &str) -> Self {
        Self::hashed(0, &[source.as_bytes(), id.as_bytes()])
    }

    /// The identity of the value of `datastream` at `phenomenon_micros` (µs since 1970, UTC) from `source`, for observations
    /// whose sender gives no id.
    pub fn of_instant(source: &str, datastream: &str, phenomenon_micros: i64) -> Self {
        Self::hashed(
            1,
            &[
                source.as_bytes(),
                datastream.as_bytes(),
                &phenomenon_micros.to_le_bytes(),
            ],
        )
    }

    /// The identity of the step `event` of `complaint` at `at_micros` (µs since 1970, UTC): the same step sent twice is one.
    pub fn of_step(source: &str, complaint: &str, event: &str, at_micros: i64) -> Self {
        Self::hashed(
            2,
            &[
                source.as_bytes(),
                complaint.as_bytes(),
                event.as_bytes(),
                &at_micros.to_le_bytes(),
            ],
        )
    }

    /// Lengths go in before bytes, so ("ab", "c") and ("a", "bc") differ; `form` keeps the forms apart.
    fn hashed(form: u8, parts: &[&[u8]]) -> Self {
        let mut hasher = Xxh3::new();
        hasher.update(&[form]);
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Self(hasher.digest128())
    }
}
