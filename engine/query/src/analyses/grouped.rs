//! The rows of a grouped query: records by place, kind and slice of time, sorted into series.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Float64Array, RecordBatch, StringArray, UInt64Array,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type, TimeUnit, UInt64Type};
use datafusion::error::Result;
use h3o::{CellIndex, Resolution};

use super::AnalysisError;
use super::input::Place;

/// The names that grouped columns have inside of an analysis.
pub(super) const PLACE: &str = "place";
pub(super) const KIND: &str = "kind";
pub(super) const SLICE: &str = "slice";
pub(super) const RECORDS: &str = "records";
pub(super) const CHOSEN: &str = "chosen";

/// Records of one place, kind and slice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Count {
    pub(super) place: u32,
    pub(super) kind: u32,
    /// When the slice begins, µs.
    pub(super) start: i64,
    pub(super) records: f64,
    /// Those of them that the query chooses; 0 when it chooses none.
    pub(super) chosen: f64,
    /// Batch and row that it was read from.
    pub(super) row: (u32, u32),
}

/// All counts, in order of place, kind and slice, and the values that the numbers of places and kinds stand for.
#[derive(Debug)]
pub(super) struct Grouped {
    pub(super) places: Places,
    /// In order of text; none first.
    pub(super) kinds: Vec<Option<String>>,
    pub(super) counts: Vec<Count>,
    /// Records without a place.
    pub(super) not_located: f64,
    /// Records without a time.
    pub(super) without_time: f64,
}

/// Places by number, in their order.
#[derive(Debug)]
pub(super) enum Places {
    Cells(Vec<u64>),
    Areas(Vec<String>),
}

impl Grouped {
    /// Reads the rows; columns that the query does not group by may be missing.
    pub(super) fn read(rows: &[RecordBatch], place: Place) -> Result<Self> {
        let mut cells = Interner::default();
        let mut areas = Interner::default();
        let mut kinds = Interner::default();
        let mut grouped = Self {
            places: Places::Cells(Vec::new()),
            kinds: Vec::new(),
            counts: Vec::new(),
            not_located: 0.0,
            without_time: 0.0,
        };
        for (batch, rows) in rows.iter().enumerate() {
            let at = Columns::of(rows, place)?;
            for row in 0..rows.num_rows() {
                let records = at.records.value(row);
                let place = match (&at.cells, &at.areas) {
                    (Some(cells_at), _) if cells_at.is_valid(row) => {
                        cells.number(cells_at.value(row))
                    }
                    (_, Some(areas_at)) if areas_at.is_valid(row) => {
                        areas.number(areas_at.value(row).to_owned())
                    }
                    _ => {
                        grouped.not_located += records;
                        continue;
                    }
                };
                let start = match &at.starts {
                    Some(starts) if starts.is_null(row) => {
                        grouped.without_time += records;
                        continue;
                    }
                    Some(starts) => starts.value(row),
                    None => 0,
                };
                let kind = at
                    .kinds
                    .as_ref()
                    .and_then(|kinds| kinds.is_valid(row).then(|| kinds.value(row).to_owned()));
                grouped.counts.push(Count {
                    place,
                    kind: kinds.number(kind),
                    start,
                    records,
                    chosen: at.chosen.as_ref().map_or(0.0, |chosen| chosen.value(row)),
                    row: (number(batch), number(row)),
                });
            }
        }
        let (cell_values, cell_order) = cells.ordered();
        let (area_values, area_order) = areas.ordered();
        let (kind_values, kind_order) = kinds.ordered();
        let place_order = if place == Place::Cell {
            &cell_order
        } else {
            &area_order
        };
        for count in &mut grouped.counts {
            count.place = place_order[count.place as usize];
            count.kind = kind_order[count.kind as usize];
        }
        grouped
            .counts
            .sort_unstable_by_key(|count| (count.place, count.kind, count.start));
        grouped.kinds = kind_values;
        grouped.places = match place {
            Place::Cell => Places::Cells(cell_values),
            Place::Area(_) => Places::Areas(area_values),
        };
        Ok(grouped)
    }

    /// For each place, which is a cell, the number of its parent at a resolution in `universe`; none outside of it.
    ///
    /// # Errors
    /// For numbers that are no cells, and for cells that are coarser than the resolution.
    pub(super) fn numbers_in(
        &self,
        universe: &[CellIndex],
        resolution: Resolution,
        function: &'static str,
    ) -> Result<Vec<Option<u32>>> {
        let refused = |reason| AnalysisError::Refused { function, reason };
        let Places::Cells(known) = &self.places else {
            return Err(refused("the places are no cells".to_owned()).into());
        };
        let number = |cell: &u64| {
            let cell = CellIndex::try_from(*cell)
                .map_err(|error| refused(format!("{cell} is no H3 cell: {error}")))?;
            let parent = cell.parent(resolution).ok_or_else(|| {
                refused(format!(
                    "the cell {cell} is coarser than the resolution {resolution}: give a resolution that the query's cells have"
                ))
            })?;
            Ok(super::cells::number(universe, parent))
        };
        known.iter().map(number).collect()
    }

    /// The counts of each place and kind.
    pub(super) fn series(&self) -> impl Iterator<Item = &[Count]> {
        self.counts
            .chunk_by(|a, b| (a.place, a.kind) == (b.place, b.kind))
    }
}

impl Places {
    /// A column with a place for each row.
    pub(super) fn column(&self, rows: impl Iterator<Item = u32>) -> ArrayRef {
        match self {
            Self::Cells(cells) => Arc::new(
                rows.map(|at| Some(cells[at as usize]))
                    .collect::<UInt64Array>(),
            ),
            Self::Areas(ids) => Arc::new(
                rows.map(|at| Some(ids[at as usize].as_str()))
                    .collect::<StringArray>(),
            ),
        }
    }
}

/// The type of a place's column.
pub(super) const fn place_type(place: Place) -> DataType {
    match place {
        Place::Cell => DataType::UInt64,
        Place::Area(_) => DataType::Utf8,
    }
}

/// An instant's type.
pub(super) fn instant_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

struct Columns {
    cells: Option<UInt64Array>,
    areas: Option<StringArray>,
    kinds: Option<StringArray>,
    starts: Option<datafusion::arrow::array::Int64Array>,
    records: Float64Array,
    chosen: Option<Float64Array>,
}

impl Columns {
    fn of(rows: &RecordBatch, place: Place) -> Result<Self> {
        let column = |name: &str, data_type: &DataType| {
            rows.column_by_name(name)
                .map(|column| cast(column, data_type))
                .transpose()
        };
        let texts = |name| -> Result<Option<StringArray>> {
            Ok(column(name, &DataType::Utf8)?.map(|column| column.as_string::<i32>().clone()))
        };
        let starts = column(SLICE, &instant_type())?
            .map(|column| cast(&column, &DataType::Int64))
            .transpose()?;
        let records = column(RECORDS, &DataType::Float64)?
            .unwrap_or_else(|| Arc::new(Float64Array::from(vec![0.0; rows.num_rows()])));
        let (cells, areas) = match place {
            Place::Cell => {
                let cells = column(PLACE, &DataType::UInt64)?;
                (
                    cells.map(|cells| cells.as_primitive::<UInt64Type>().clone()),
                    None,
                )
            }
            Place::Area(_) => (None, texts(PLACE)?),
        };
        Ok(Self {
            cells,
            areas,
            kinds: texts(KIND)?,
            starts: starts.map(|starts| starts.as_primitive::<Int64Type>().clone()),
            records: records.as_primitive::<Float64Type>().clone(),
            chosen: column(CHOSEN, &DataType::Float64)?
                .map(|chosen| chosen.as_primitive::<Float64Type>().clone()),
        })
    }
}

/// Numbers for values, first in order of appearance, at the end in order of value.
struct Interner<T>(HashMap<T, u32>);

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T: std::hash::Hash + Ord + Clone> Interner<T> {
    fn number(&mut self, value: T) -> u32 {
        let next = number(self.0.len());
        *self.0.entry(value).or_insert(next)
    }

    /// The values in order, and for each first number its place in that order.
    fn ordered(self) -> (Vec<T>, Vec<u32>) {
        let mut values: Vec<_> = self.0.into_iter().collect();
        values.sort_unstable();
        let mut order = vec![0; values.len()];
        for (place, (_, before)) in values.iter().enumerate() {
            order[*before as usize] = number(place);
        }
        (values.into_iter().map(|(value, _)| value).collect(), order)
    }
}

fn number(index: usize) -> u32 {
    u32::try_from(index).expect("rows of an analysis fit its memory, so there are fewer than 2^32")
}
