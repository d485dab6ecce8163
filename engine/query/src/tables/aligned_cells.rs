//! `aligned_cells`: the parts of cells that lie in one area of the city's smallest level, by the latest boundaries.

use std::ops::Range;
use std::sync::Arc;

use citybrain_grid::aligned::{self, AlignedGrid};
use citybrain_grid::{Area, City};
use citybrain_model::AreaLevel;
use datafusion::arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray, UInt64Array};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::common::runtime::SpawnedTask;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use futures::{StreamExt as _, TryStreamExt as _};

const BATCH_ROWS: usize = 8_192;

/// The aligned cells as a table: `cell`, the area's id and those of the areas that it belongs to by level, `area_km2`, and the
/// `share` of the cell. Key: cell and the id at the smallest level.
pub(super) fn table(city: &Arc<City>) -> Result<Arc<dyn TableProvider>> {
    let parts = AlignedCells {
        city: Arc::clone(city),
        schema: schema(),
    };
    Ok(Arc::new(StreamingTable::try_new(
        schema(),
        vec![Arc::new(parts)],
    )?))
}

fn schema() -> SchemaRef {
    let levels = AreaLevel::ALL.map(|level| Field::new(level.as_str(), DataType::Utf8, true));
    let number = |name| Field::new(name, DataType::Float64, false);
    let fields: Vec<_> = std::iter::once(Field::new("cell", DataType::UInt64, false))
        .chain(levels)
        .chain([number("area_km2"), number("share")])
        .collect();
    Arc::new(Schema::new(fields))
}

#[derive(Debug)]
struct AlignedCells {
    city: Arc<City>,
    schema: SchemaRef,
}

impl PartitionStream for AlignedCells {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let city = Arc::clone(&self.city);
        let batches = futures::stream::once(async move {
            let rows = rows(&city).await?;
            let ids = Arc::new(ids(&city));
            let starts = futures::stream::iter((0..rows).step_by(BATCH_ROWS));
            Ok::<_, DataFusionError>(starts.map(move |start| {
                let grid = aligned::of(&city).map_err(failed)?;
                Ok(batch(grid, &ids, start..rows.min(start + BATCH_ROWS)))
            }))
        });
        Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.schema),
            batches.try_flatten(),
        ))
    }
}

/// How many there are. The first time they are worked out, which takes seconds: on a thread that may.
async fn rows(city: &Arc<City>) -> Result<usize> {
    let city = Arc::clone(city);
    let made = SpawnedTask::spawn_blocking(move || {
        aligned::of(&city).map(AlignedGrid::len).map_err(failed)
    });
    made.join()
        .await
        .map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))?
}

fn failed(error: &aligned::AlignedError) -> DataFusionError {
    DataFusionError::Execution(error.to_string())
}

/// For each level of [`AreaLevel::ALL`], for each area of the smallest level, the id of the area of that level that it belongs to.
fn ids(city: &City) -> [Vec<Option<String>>; 4] {
    let mut ids = [const { Vec::new() }; 4];
    for area in &aligned::smallest(city).areas {
        let mut of_levels = [const { None }; 4];
        let mut area: Option<&Area> = Some(area);
        let mut levels = city.levels.iter().rev();
        while let (Some(level), Some(here)) = (levels.next(), area) {
            of_levels[level.level.index()] = Some(here.id.clone());
            area = here.parent.as_deref().and_then(|parent| {
                let larger = levels.clone().next()?;
                larger.area(parent)
            });
        }
        for (ids, id) in ids.iter_mut().zip(of_levels) {
            ids.push(id);
        }
    }
    ids
}

fn batch(grid: &AlignedGrid, ids: &[Vec<Option<String>>; 4], rows: Range<usize>) -> RecordBatch {
    let cells = UInt64Array::from(grid.cells()[rows.clone()].to_vec());
    let areas = &grid.areas()[rows.clone()];
    let mut columns: Vec<ArrayRef> = vec![Arc::new(cells)];
    columns.extend(ids.iter().map(|ids| -> ArrayRef {
        let ids = areas.iter().map(|area| ids[*area as usize].as_deref());
        Arc::new(ids.collect::<StringArray>())
    }));
    for numbers in [grid.area_km2(), grid.shares()] {
        columns.push(Arc::new(Float64Array::from(numbers[rows.clone()].to_vec())));
    }
    RecordBatch::try_new(schema(), columns).expect("columns are laid out by the schema")
}
