//! Pictures of the map by both renderers: how many a second, how much memory, how long to start.
//!
//! `cargo run --release -p citybrain-benches --bin pictures`. Each round paints every picture once by each renderer in turn, so that other
//! work on the machine falls on both; figures are medians over the rounds. The helper (`make snapshot`) is looked for beside this program and
//! left out when it is not there. A picture is painted as the server does it: shapes, pixels, PNG; names are the same for both and left out.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    reason = "a measuring program prints rounded figures, and ends at the first failure"
)]

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use citybrain_benches::sample_city;
use citybrain_grid::City;
use citybrain_picture::{Border, Frame, Map, Raster, Scale};
use h3o::{CellIndex, Resolution};

const ROUNDS: usize = 5;
const SIZES: [u32; 3] = [512, 1024, 2048];
const CELLS: [usize; 3] = [500, 5_000, 20_000];

fn main() {
    let city = sample_city();
    let program = std::env::current_exe()
        .unwrap()
        .with_file_name("citybrain-snapshot");
    let mut helper = program.is_file().then(|| {
        let mut helper = Helper::start(&program);
        let begun = Instant::now();
        helper.paint(&map(&city, 512, 1));
        println!(
            "helper: first picture after {:.2} s",
            begun.elapsed().as_secs_f64()
        );
        helper
    });
    if helper.is_none() {
        println!("skipped: no helper program beside this one (make snapshot)");
    }
    println!(
        "| pixels | cells | tiny-skia, pictures/s | maplibre, pictures/s |\n| --- | --- | --- | --- |"
    );
    for size in SIZES {
        for cells in CELLS {
            let map = map(&city, size, cells);
            let (mut own, mut by_helper) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                own.push(timed(|| {
                    Raster::of(&map.drawing()).unwrap().png().unwrap();
                }));
                if let Some(helper) = &mut helper {
                    by_helper.push(timed(|| {
                        let pixels = helper.paint(&map);
                        Raster::from_rgba(size, size, pixels)
                            .unwrap()
                            .png()
                            .unwrap();
                    }));
                }
            }
            let rate = |times: Vec<Duration>| match median(times) {
                Some(time) => format!("{:.2}", 1.0 / time.as_secs_f64()),
                None => "–".to_owned(),
            };
            println!(
                "| {size} | {} | {} | {} |",
                map.cells.len(),
                rate(own),
                rate(by_helper)
            );
        }
    }
    println!("memory, highest: this program {} MiB", peak_mib("self"));
    if let Some(helper) = helper {
        println!(
            "memory, highest: helper {} MiB",
            peak_mib(&helper.child.id().to_string())
        );
    }
}

/// The city's borders and so many cells around its middle.
fn map(city: &City, size: u32, cells: usize) -> Map<'_> {
    let bbox = city.bbox();
    let middle = h3o::LatLng::new(
        f64::midpoint(bbox.south, bbox.north),
        f64::midpoint(bbox.west, bbox.east),
    )
    .unwrap();
    let resolution = match cells {
        ..=1_000 => Resolution::Eight,
        1_001..=10_000 => Resolution::Nine,
        _ => Resolution::Ten,
    };
    let disk: Vec<CellIndex> = middle.to_cell(resolution).grid_disk(90);
    let values = (0..).map(|number: u32| f64::from(number % 97 + 1));
    let borders = city.levels.iter().take(2).enumerate();
    Map {
        frame: Frame::fit(
            [bbox.west, bbox.south, bbox.east, bbox.north],
            [size, size],
            10.0,
        )
        .unwrap(),
        ground: city
            .largest()
            .latest()
            .iter()
            .map(|area| &area.geometry)
            .collect(),
        scale: Scale::geometric((1..98).map(f64::from)),
        cells: disk.into_iter().take(cells).zip(values).collect(),
        areas: Vec::new(),
        borders: borders
            .map(|(depth, level)| Border {
                areas: level.latest().iter().map(|area| &area.geometry).collect(),
                depth,
            })
            .collect(),
        dots: Vec::new(),
        labels: Vec::new(),
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    work();
    begun.elapsed()
}

fn median(mut times: Vec<Duration>) -> Option<Duration> {
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}

/// The most memory that a process had at once.
fn peak_mib(process: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or_default() / 1024
}

/// The helper program, asked as the server asks it.
struct Helper {
    child: Child,
}

impl Helper {
    fn start(program: &std::path::Path) -> Self {
        let child = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { child }
    }

    fn paint(&mut self, map: &Map<'_>) -> Vec<u8> {
        let tile = map.tile();
        let header =
            serde_json::json!({ "size": tile.size, "style": tile.style, "layers": tile.layers });
        let input = self.child.stdin.as_mut().unwrap();
        for block in [header.to_string().into_bytes(), tile.bytes] {
            input
                .write_all(&(block.len() as u32).to_le_bytes())
                .unwrap();
            input.write_all(&block).unwrap();
        }
        input.flush().unwrap();
        let output = self.child.stdout.as_mut().unwrap();
        let mut head = [0; 5];
        output.read_exact(&mut head).unwrap();
        let length = u32::from_le_bytes([head[1], head[2], head[3], head[4]]);
        let mut pixels = vec![0; length as usize];
        output.read_exact(&mut pixels).unwrap();
        assert_eq!(head[0], 0, "{}", String::from_utf8_lossy(&pixels));
        pixels
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
