//! Statistics over what a peer prepared: a cube of cells and weeks, and hourly series.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, UInt16Type, UInt64Type};
use chrono::NaiveDate;
use citybrain_stats::mann_kendall::{TrendTest, mann_kendall_of_cells};
use citybrain_stats::neighbours::Neighbours;
use citybrain_stats::periodic::{PeriodicOptions, periodic};
use citybrain_stats::space_time::{Cube, SpaceTimeParameters, space_time_getis_ord};
use citybrain_stats::timeline::{Bin, Timeline};
use h3o::CellIndex;
use serde_json::{Value, json};

use crate::{batches, column};

/// The first 2,000 trends are what the slowest peer gets to.
const TRENDS: usize = 2_000;

#[derive(Default)]
pub(crate) struct Statistics {
    cube: Vec<f64>,
    slices: usize,
    neighbours: Option<Neighbours>,
    series: Vec<Vec<u16>>,
}

impl Statistics {
    /// Columns `cell`, `week` and `n`, in that order; and the neighbours of each cell within k.
    pub(crate) fn read_cube(&mut self, path: &Path, k: u32) -> Result<()> {
        let mut rows = Vec::new();
        for batch in batches(path, &["cell", "week", "n"])? {
            let batch = batch?;
            let cells = column(&batch, "cell")?
                .as_primitive::<UInt64Type>()
                .values();
            let weeks = column(&batch, "week")?
                .as_primitive::<UInt16Type>()
                .values();
            let counts = column(&batch, "n")?.as_primitive::<Float64Type>().values();
            for ((cell, week), count) in cells.iter().zip(weeks).zip(counts) {
                rows.push((*cell, *week, *count));
            }
        }
        rows.sort_unstable_by_key(|row| (row.0, row.1));
        let mut cells: Vec<u64> = rows.iter().map(|row| row.0).collect();
        cells.dedup();
        self.slices = rows.len() / cells.len();
        self.cube = rows.into_iter().map(|row| row.2).collect();
        let (mut offsets, mut targets) = (vec![0], Vec::new());
        for cell in &cells {
            let here = CellIndex::try_from(*cell)?;
            let start = targets.len();
            for near in here.grid_disk::<Vec<_>>(k) {
                if let Ok(at) = cells.binary_search(&near.into())
                    && near != here
                {
                    targets.push(u32::try_from(at)?);
                }
            }
            targets[start..].sort_unstable();
            offsets.push(targets.len());
        }
        self.neighbours = Some(Neighbours::try_new(offsets, targets)?);
        Ok(())
    }

    pub(crate) fn cube(&self, args: &Value) -> Result<Value> {
        let cube = Cube::try_new(&self.cube, self.slices)?;
        if args["what"] == "mk" {
            let trends = mann_kendall_of_cells(cube, TrendTest::Original, None)?;
            let first = trends.iter().take(TRENDS).flatten();
            let sum: f64 = first.map(|trend| trend.z.abs()).sum();
            return Ok(json!({ "sum2000": (sum * 1e3).round() / 1e3 }));
        }
        let neighbours = self.neighbours.as_ref().context("not prepared")?;
        let scores = space_time_getis_ord(cube, neighbours, &SpaceTimeParameters::default())?;
        let (mut hot, mut sum) = (0_u64, 0.0);
        for at in 0..self.cube.len() {
            let z = scores.get(at).map_or(0.0, |score| score.z.abs());
            hot += u64::from(z > 1.96);
            sum += z;
        }
        Ok(json!({ "hot": hot, "abs": (sum * 10.0).round() / 10.0 }))
    }

    /// A matrix of series and hours in numpy's format, of unsigned numbers of one or two bytes.
    pub(crate) fn read_series(&mut self, path: &Path) -> Result<()> {
        let bytes = fs::read(path).with_context(|| path.display().to_string())?;
        ensure!(
            bytes.starts_with(b"\x93NUMPY\x01"),
            "no numpy file of version 1"
        );
        let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        let head = std::str::from_utf8(&bytes[10..10 + length])?;
        let shape = head.split("'shape': (").nth(1).context("no shape")?;
        let mut shape = shape.split([',', ')']).map(|number| number.trim().parse());
        let (series, hours): (usize, usize) = (
            shape.next().context("no rows")??,
            shape.next().context("no columns")??,
        );
        let data = &bytes[10 + length..];
        let wide = head.contains("'<u2'") || head.contains("'<i2'");
        ensure!(
            wide || head.contains("u1'"),
            "numbers are neither of one nor of two bytes: {head}"
        );
        let number = |at: usize| {
            if wide {
                u16::from_le_bytes([data[2 * at], data[2 * at + 1]])
            } else {
                u16::from(data[at])
            }
        };
        self.series = (0..series)
            .map(|row| (row * hours..(row + 1) * hours).map(number).collect())
            .collect();
        Ok(())
    }

    pub(crate) fn periods(&self) -> Result<Value> {
        let start = NaiveDate::from_ymd_opt(2022, 1, 1)
            .and_then(|day| day.and_hms_opt(0, 0, 0))
            .context("no such day")?;
        let hours = self.series.first().map_or(0, Vec::len);
        let timeline = Timeline::try_new(start, Bin::Hour, hours)?;
        let series: Vec<&[u16]> = self.series.iter().map(Vec::as_slice).collect();
        let found = periodic(&timeline, &series, &PeriodicOptions::default())?;
        let periods: usize = found.iter().map(|one| one.accepted().count()).sum();
        Ok(json!({ "n": found.len(), "periods": periods }))
    }
}
