//! What the analyses find of what a simulation plants, through the built binary: recall and false discovery rate over many seeds,
//! and false findings in the same cities with nothing planted.
//!
//! `CITYBRAIN=… cargo run --release -p citybrain-benches --bin planted` prints the table of `tests/README.md`. Settings:
//! `CITYBRAIN_PLANTED_SEEDS` (20, or a range as in `3..=7`), `CITYBRAIN_PLANTED_DAYS` (120, of 2,000 complaints: the size of
//! `make demo`), `CITYBRAIN_PLANTED_WORKERS` (1: cities at once), `CITYBRAIN_PLANTED_ANALYSES` (all, or as in `leading,hotspots by share`).

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a measuring program prints figures, and ends at the first failure"
)]

#[path = "planted/city.rs"]
mod city;
#[path = "planted/compare.rs"]
mod compare;
#[path = "planted/tally.rs"]
mod tally;

use std::sync::Mutex;
use std::time::Instant;

use city::SimulatedCity;
use compare::compare;
use tally::Tallies;

fn main() {
    let days = setting("DAYS", "120").parse().unwrap();
    let seeds = setting("SEEDS", "20");
    let (first, last) = match seeds.split_once("..=") {
        Some((first, last)) => (first.parse().unwrap(), last.parse().unwrap()),
        None => (1, seeds.parse::<u64>().unwrap()),
    };
    let workers: usize = setting("WORKERS", "1").parse().unwrap();
    let begin = Instant::now();
    let queue = Mutex::new(first..=last);
    let planted = Mutex::new(Tallies::default());
    let nothing = Mutex::new(Tallies::default());
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(seed) = next(&queue) {
                    let city = SimulatedCity::new(seed, days, true);
                    let categories = city.hotspot_categories();
                    let found = compare(&city, &categories);
                    drop(city);
                    planted.lock().unwrap().add(found);
                    let empty = SimulatedCity::new(seed, days, false);
                    let found = compare(&empty, &categories);
                    nothing.lock().unwrap().add(found);
                    eprintln!("seed {seed}: {:.0} s", begin.elapsed().as_secs_f64());
                }
            });
        }
    });

    println!("{}", machine());
    println!(
        "seeds {first} to {last}, {days} days of {} complaints, {:.0} s\n",
        city::COMPLAINTS_PER_DAY,
        begin.elapsed().as_secs_f64()
    );
    println!("{}", planted.into_inner().unwrap().planted());
    println!("{}", nothing.into_inner().unwrap().nothing());
}

/// The next seed; the lock is held only here, so that workers do not wait for each other.
fn next(queue: &Mutex<std::ops::RangeInclusive<u64>>) -> Option<u64> {
    queue.lock().unwrap().next()
}

fn setting(name: &str, default: &str) -> String {
    std::env::var(format!("CITYBRAIN_PLANTED_{name}")).unwrap_or_else(|_| default.to_owned())
}

fn machine() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .unwrap_or(": unknown")
        .trim_start_matches([' ', '\t', ':']);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("machine: {cpu}, {cores} cores")
}
