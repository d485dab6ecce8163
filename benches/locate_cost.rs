//! Where the time of `City::locate` goes, and how far it is from what a point costs at least.
//!
//! Without arguments it measures each part on one thread and prints the median. `locate_cost PART ROUNDS` does only that part, so
//! often, for a tool that counts instructions: those of the function `measured` are the part's.

use std::hint::black_box;
use std::io::Write as _;
use std::time::Instant;

use anyhow::{Context, bail};
use citybrain_benches::sample_city;
use citybrain_grid::h3o::Resolution;
use citybrain_grid::{City, Level, h3_cells};

/// Points in one call: few enough that one thread does them all.
const CALL: usize = 65_536;
const CALLS: usize = 16;
const ROUNDS: usize = 21;

const PARTS: [&str; 7] = [
    "all",
    "level-0",
    "level-1",
    "level-2",
    "cell",
    "bound-lookups",
    "bound-projection",
];

fn main() -> anyhow::Result<()> {
    let city = sample_city();
    let points = citybrain_synth::random_points(&city, CALL * CALLS, 1);
    let (lon, lat): (Vec<f64>, Vec<f64>) = points.into_iter().unzip();
    let tables: Vec<_> = city.levels.iter().map(Table::of).collect();
    let subject = Subject {
        city: &city,
        tables: &tables,
    };
    let mut arguments = std::env::args().skip(1);
    if let Some(part) = arguments.next() {
        let rounds: usize = arguments.next().context("how many rounds?")?.parse()?;
        if !PARTS.contains(&part.as_str()) {
            bail!("the parts are {}", PARTS.join(", "));
        }
        for _ in 0..rounds {
            measured(&subject, &part, &lon, &lat);
        }
        return Ok(());
    }
    // Interleaved, so that what else the machine does falls on all parts alike.
    let mut seconds = PARTS.map(|_| Vec::new());
    for _ in 0..ROUNDS {
        for (part, seconds) in PARTS.iter().zip(&mut seconds) {
            let start = Instant::now();
            measured(&subject, part, &lon, &lat);
            seconds.push(start.elapsed().as_secs_f64());
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a million is a float")]
    let count = lon.len() as f64;
    let mut out = std::io::stdout().lock();
    for (part, mut seconds) in PARTS.iter().zip(seconds) {
        seconds.sort_by(f64::total_cmp);
        let (best, median) = (seconds[0], seconds[ROUNDS / 2]);
        writeln!(
            out,
            "{part:>17}  median {:6.1}  best {:6.1} ns a point",
            median / count * 1e9,
            best / count * 1e9
        )?;
    }
    Ok(())
}

struct Subject<'a> {
    city: &'a City,
    tables: &'a [Table],
}

#[inline(never)]
fn measured(subject: &Subject<'_>, part: &str, lon: &[f64], lat: &[f64]) {
    for (lon, lat) in lon.chunks(CALL).zip(lat.chunks(CALL)) {
        let (lon, lat) = (black_box(lon), black_box(lat));
        match part {
            "all" => drop(black_box(subject.city.locate(lon, lat, None))),
            "cell" => drop(black_box(h3_cells(lon, lat, Resolution::Ten))),
            "bound-lookups" => {
                for table in subject.tables {
                    drop(black_box(table.look_up(lon, lat)));
                }
            }
            "bound-projection" => drop(black_box(project(lon, lat))),
            level => {
                let at: usize = level.trim_start_matches("level-").parse().unwrap_or(0);
                drop(black_box(subject.city.levels[at].locate(lon, lat)));
            }
        }
    }
}

/// What any index of this kind does at least for a point: it works out the bin and reads the bin's entry once. As many bins as the
/// index has, eight for each edge, over the level's rectangle.
struct Table {
    west: f64,
    south: f64,
    per_degree: f64,
    columns: usize,
    entries: Vec<u32>,
}

impl Table {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a city has some million bins"
    )]
    fn of(level: &Level) -> Self {
        let areas = level.latest().iter();
        let edges: usize = areas.clone().map(|area| vertices(&area.geometry)).sum();
        let bbox = areas.fold(citybrain_grid::BBox::EMPTY, |all, area| {
            all.union(area.bbox)
        });
        let (wide, high) = (bbox.east - bbox.west, bbox.north - bbox.south);
        let size = |per_degree: f64| {
            let (columns, rows) = (
                (wide * per_degree) as usize + 2,
                (high * per_degree) as usize + 2,
            );
            (columns, columns * rows)
        };
        let mut per_degree = 1.0;
        while size(2.0 * per_degree).1 <= 8 * edges {
            per_degree *= 2.0;
        }
        let (columns, bins) = size(per_degree);
        Self {
            west: (bbox.west * per_degree).floor(),
            south: (bbox.south * per_degree).floor(),
            per_degree,
            columns,
            entries: (0..bins as u32).collect(),
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "points lie in the rectangle"
    )]
    fn look_up(&self, lon: &[f64], lat: &[f64]) -> Vec<u32> {
        let entry = |(lon, lat): (&f64, &f64)| {
            let column = (lon * self.per_degree - self.west) as u32;
            let row = (lat * self.per_degree - self.south) as u32;
            let bin = row as usize * self.columns + column as usize;
            self.entries.get(bin).copied().unwrap_or(u32::MAX)
        };
        lon.iter().zip(lat).map(entry).collect()
    }
}

fn vertices(boundary: &citybrain_grid::geo::MultiPolygon<f64>) -> usize {
    let rings = boundary
        .iter()
        .flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()));
    rings.map(|ring| ring.0.len() - 1).sum()
}

/// The arithmetic that no way to a cell can leave out: the series of two sines and two cosines to the last bit, three products
/// with the axes of one known face, one division, two roundings; not the hexagon's border, not its number.
fn project(lon: &[f64], lat: &[f64]) -> Vec<u64> {
    const AXES: [[f64; 3]; 3] = [[0.3, 0.6, 0.7], [0.8, -0.5, 0.2], [-0.4, 0.3, 0.9]];
    const INTEGER: f64 = 6_755_399_441_055_744.0;
    let sin_cos = |degrees: f64| {
        let x = (degrees - ((degrees / 90.0 + INTEGER) - INTEGER) * 90.0).to_radians();
        let u = x * x;
        let (mut sin, mut cos) = (1.0, 1.0);
        for n in [15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0] {
            sin = 1.0 - u * (1.0 / (n * (n - 1.0))) * sin;
        }
        for n in [16.0, 14.0, 12.0, 10.0, 8.0, 6.0, 4.0, 2.0] {
            cos = 1.0 - u * (1.0 / (n * (n - 1.0))) * cos;
        }
        (x * sin, cos)
    };
    let hexagon = |(lon, lat): (&f64, &f64)| {
        let ((sin_lon, cos_lon), (sin_lat, cos_lat)) = (sin_cos(*lon), sin_cos(*lat));
        let at = [cos_lon * cos_lat, sin_lon * cos_lat, sin_lat];
        let [up, i, j] = AXES.map(|axis| axis[0] * at[0] + axis[1] * at[1] + axis[2] * at[2]);
        let height = 16_807.0 / up;
        (i * height + INTEGER).to_bits() ^ (j * height + INTEGER).to_bits()
    };
    lon.iter().zip(lat).map(hexagon).collect()
}
