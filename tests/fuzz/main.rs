//! Random and mutated input for every decoder: `fuzz [--seconds N] [--seed N] [TARGET…]`.
//!
//! Each target takes seeds (small ones here, and the real payloads where they lie), changes them at random for so many seconds, and
//! decodes them. A panic, an input that takes longer than five seconds, or memory that grows without end is a finding: the input is
//! written beside, and becomes a test.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a tool for people that ends at its first finding"
)]

mod mutate;
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::SmallRng;

use self::targets::{Target, targets};

/// Longest time for one input.
const SLOW: Duration = Duration::from_secs(5);
/// How much memory the process may grow by in one target, in bytes.
const GROWTH_MAX: u64 = 1 << 30;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (mut seconds, mut seed, mut wanted) = (10, 1, Vec::new());
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|text| text.parse().ok()).unwrap();
        match argument.as_str() {
            "--seconds" => seconds = number(),
            "--seed" => seed = number(),
            _ => wanted.push(argument),
        }
    }
    for target in targets() {
        if wanted.is_empty() || wanted.contains(&target.name) {
            fuzz(&target, Duration::from_secs(seconds), seed);
        }
    }
}

fn fuzz(target: &Target, time: Duration, seed: u64) {
    let mut random = SmallRng::seed_from_u64(seed);
    let (start, memory) = (Instant::now(), resident());
    let (mut inputs, mut slowest) = (0_u64, Duration::ZERO);
    while start.elapsed() < time {
        let input = mutate::changed(&target.seeds, &mut random);
        let begun = Instant::now();
        let decoded = catch_unwind(AssertUnwindSafe(|| (target.decode)(&input)));
        let took = begun.elapsed();
        slowest = slowest.max(took);
        inputs += 1;
        if decoded.is_err() || took > SLOW {
            let file = format!("fuzz-{}-{inputs}.bin", target.name);
            std::fs::write(&file, &input).unwrap();
            panic!(
                "{}: input {inputs} of seed {seed}, {took:?}: see {file}",
                target.name
            );
        }
    }
    let grown = resident().saturating_sub(memory);
    println!(
        "{}: {inputs} inputs of {} seeds in {:.0} s, slowest {:.1} ms, memory grew by {} MiB",
        target.name,
        target.seeds.len(),
        start.elapsed().as_secs_f64(),
        slowest.as_secs_f64() * 1e3,
        grown >> 20
    );
    assert!(grown < GROWTH_MAX, "{}: memory grows", target.name);
}

/// Memory that the process has, in bytes; 0 where the system does not tell.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or_default() << 10
}
