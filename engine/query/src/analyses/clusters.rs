//! `clusters((SELECT subdistrict, requested_at FROM complaints))`: where and since when there is more than chance explains, by
//! Kulldorff's space-time scan.

use std::sync::Arc;

use citybrain_grid::City;
use citybrain_stats::scan::{
    CircleLimits, Metric, Model, Scan, ScanParameters, Span as Windows, Study, Zones, scan_while,
};
use datafusion::arrow::array::{
    ArrayRef, Float64Array, ListArray, RecordBatch, TimestampMicrosecondArray, UInt32Array,
};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::lit;
use h3o::CellIndex;
use serde_json::{Map, json};

use super::arguments::Arguments;
use super::grouped::{Grouped, PLACE, Places, SLICE, instant_type, place_type};
use super::input::{Input, Place};
use super::timeline::{Span, Timeline};
use super::{Analysis, AnalysisError, Compute, Found, Planned, cells};
use crate::stop::Stop;
use crate::{Bin, functions};

const NAME: &str = "clusters";
/// Most places that are scanned: the work grows with their square.
const PLACES_MAX: usize = 10_000;
/// Most numbers of a table of places and slices.
const TABLE_MAX: usize = 50_000_000;

#[derive(Debug)]
pub(super) struct Clusters;

impl Analysis for Clusters {
    fn name(&self) -> &'static str {
        NAME
    }

    fn arguments(&self) -> &'static [&'static str] {
        &[
            "by",
            "model",
            "span",
            "step",
            "from",
            "to",
            "longest",
            "maximum_share",
            "radius_km",
            "k",
            "minimum_count",
            "weekdays",
            "replicates",
            "seed",
            "clusters",
        ]
    }

    fn plan(&self, input: Input, arguments: &mut Arguments, city: &Arc<City>) -> Result<Planned> {
        let by = arguments.text("by")?;
        let (place, place_column) = input.place(by.as_deref())?;
        let poisson = match arguments.text("model")?.as_deref() {
            None | Some("permutation") => false,
            Some("poisson") => true,
            Some(other) => {
                return Err(arguments.broken(
                    "model",
                    &other,
                    "must be permutation or poisson".to_owned(),
                ));
            }
        };
        let windows = match arguments.text("span")?.as_deref() {
            None | Some("prospective") => Windows::Prospective,
            Some("retrospective") => Windows::Retrospective,
            Some("spatial") => Windows::Spatial,
            Some(other) => {
                let rule = "must be prospective, retrospective or spatial".to_owned();
                return Err(arguments.broken("span", &other, rule));
            }
        };
        let default = ScanParameters::default();
        let size = |number: Option<i64>| number.and_then(|number| usize::try_from(number).ok());
        let parameters = ScanParameters {
            span: windows,
            maximum_share: arguments
                .number("maximum_share", 1e-6..=1.0)?
                .unwrap_or(default.maximum_share),
            longest: size(arguments.whole("longest", 1..=100_000)?),
            minimum_cases: arguments
                .whole("minimum_count", 1..=1_000_000)?
                .and_then(|number| u32::try_from(number).ok())
                .unwrap_or(default.minimum_cases),
            replicates: size(arguments.whole("replicates", 0..=99_999)?)
                .unwrap_or(default.replicates),
            seed: arguments
                .whole("seed", 0..=i64::MAX)?
                .and_then(|seed| u64::try_from(seed).ok())
                .unwrap_or(default.seed),
            clusters: size(arguments.whole("clusters", 1..=1_000)?).unwrap_or(default.clusters),
            ..default
        };
        let span = Span::read(arguments, Bin::Day)?;
        let radius = arguments
            .number("radius_km", 1e-3..=1e5)?
            .map(|km| km * 1000.0);
        let k = arguments
            .whole("k", 1..=100)?
            .and_then(|k| u32::try_from(k).ok())
            .unwrap_or(10);
        let weekdays = arguments
            .truth("weekdays")?
            .unwrap_or(span.step == Bin::Day);

        let bin = functions::local_bin(city.time_zone);
        let slice = bin.call(vec![lit(span.step.as_str()), input.time()?]);
        let records = input.records();
        Ok(Planned {
            input: input.group(
                vec![place_column.alias(PLACE), slice.alias(SLICE)],
                vec![records],
            )?,
            schema: schema(place),
            compute: Arc::new(Run {
                city: Arc::clone(city),
                place,
                poisson,
                parameters,
                span,
                radius,
                k,
                weekdays,
            }),
        })
    }
}

fn schema(place: Place) -> SchemaRef {
    let number = |name| Field::new(name, DataType::Float64, true);
    let instant = |name| Field::new(name, instant_type(), false);
    let places = Field::new(
        "places",
        DataType::List(Arc::new(Field::new_list_field(place_type(place), true))),
        false,
    );
    Arc::new(Schema::new(vec![
        Field::new("rank", DataType::UInt32, false),
        Field::new(place.column(), place_type(place), false),
        places,
        instant("from"),
        instant("to"),
        number("count"),
        number("expected"),
        number("relative_risk"),
        number("score"),
        number("p"),
        number("p_gumbel"),
        number("recurrence_interval"),
    ]))
}

#[derive(Debug)]
struct Run {
    city: Arc<City>,
    place: Place,
    poisson: bool,
    parameters: ScanParameters,
    span: Span,
    radius: Option<f64>,
    k: u32,
    weekdays: bool,
}

impl Compute for Run {
    fn compute(&self, batches: &[RecordBatch], stop: &Stop) -> Result<Found> {
        let grouped = Grouped::read(batches, self.place)?;
        let counted = grouped
            .counts
            .iter()
            .map(|count| (count.start, count.records));
        let timeline = Timeline::of(NAME, self.span, self.city.time_zone, counted)?;
        let study = Scanned::of(self, &grouped)?;
        let slices = timeline.len();
        if slices == 0 || study.zones.areas() == 0 {
            return Err(refused(
                "there is no whole slice of time with records".to_owned(),
            ));
        }
        if study.zones.areas().saturating_mul(slices) > TABLE_MAX {
            return Err(refused(format!(
                "{} places × {slices} slices are too many: narrow the time, or take a longer step or larger places",
                study.zones.areas()
            )));
        }
        let mut counts = vec![0.0; study.zones.areas() * slices];
        let mut outside = 0.0;
        for count in &grouped.counts {
            let Some(slice) = timeline.slice(count.start) else {
                continue;
            };
            match study.of_group[count.place as usize] {
                Some(area) => counts[area as usize * slices + slice] += count.records,
                None => outside += count.records,
            }
        }
        let strata: Option<Vec<u16>> = self.weekdays.then(|| {
            let first = timeline.first_weekday().num_days_from_monday() as usize;
            (0..slices)
                .map(|slice| u16::try_from((first + slice) % 7).unwrap_or(0))
                .collect()
        });
        let model = match &study.population {
            Some(population) => Model::Poisson { population },
            None => Model::Permutation,
        };
        let found = scan_while(
            &Study {
                counts: &counts,
                slices,
                zones: &study.zones,
                model,
                strata: strata.as_deref(),
            },
            &self.parameters,
            &|| !stop.is_set(),
        )
        .map_err(|error| refused(error.to_string()))?;

        let mut note = Map::new();
        note.insert("function".to_owned(), json!(NAME));
        note.insert(
            "model".to_owned(),
            json!(if self.poisson {
                "poisson"
            } else {
                "permutation"
            }),
        );
        let span = match self.parameters.span {
            Windows::Prospective => "prospective",
            Windows::Retrospective => "retrospective",
            Windows::Spatial => "spatial",
        };
        note.insert("span".to_owned(), json!(span));
        note.insert("by".to_owned(), json!(self.place.column()));
        timeline.note(&mut note);
        note.insert("weekdays".to_owned(), json!(self.weekdays));
        note.insert(
            "maximum_share".to_owned(),
            json!(self.parameters.maximum_share),
        );
        note.insert(
            "minimum_count".to_owned(),
            json!(self.parameters.minimum_cases),
        );
        note.insert("replicates".to_owned(), json!(self.parameters.replicates));
        note.insert("replicates_run".to_owned(), json!(found.replicates.len()));
        note.insert("stopped_early".to_owned(), json!(found.stopped_early));
        note.insert("seed".to_owned(), json!(self.parameters.seed));
        note.insert("places".to_owned(), json!(study.zones.areas()));
        note.insert("cylinders".to_owned(), json!(found.cylinders));
        note.insert("records".to_owned(), json!(found.cases));
        note.insert("outside".to_owned(), json!(outside));
        note.insert("not_located".to_owned(), json!(grouped.not_located));
        note.insert(
            "boundary_version".to_owned(),
            json!(self.city.boundary_version()),
        );
        Ok(Found {
            rows: self.table(&found, &study, &timeline)?,
            parameters: note,
        })
    }
}

impl Run {
    fn table(&self, found: &Scan, study: &Scanned, timeline: &Timeline) -> Result<RecordBatch> {
        let clusters = &found.clusters;
        let number = |value: &dyn Fn(&citybrain_stats::scan::Cluster) -> Option<f64>| -> ArrayRef {
            Arc::new(clusters.iter().map(value).collect::<Float64Array>())
        };
        let instant = |at: &dyn Fn(&citybrain_stats::scan::Cluster) -> usize| -> ArrayRef {
            let times: TimestampMicrosecondArray = clusters
                .iter()
                .map(|cluster| Some(timeline.start(at(cluster))))
                .collect();
            Arc::new(times.with_timezone("UTC"))
        };
        let members = study.places.column(
            clusters
                .iter()
                .flat_map(|cluster| cluster.areas.iter().copied()),
        );
        let lengths =
            OffsetBuffer::from_lengths(clusters.iter().map(|cluster| cluster.areas.len()));
        let item = Arc::new(Field::new_list_field(place_type(self.place), true));
        let columns: Vec<ArrayRef> = vec![
            Arc::new(
                (1..)
                    .zip(clusters)
                    .map(|(rank, _)| Some(rank))
                    .collect::<UInt32Array>(),
            ),
            study.places.column(
                clusters
                    .iter()
                    .map(|cluster| u32::try_from(cluster.center).unwrap_or(u32::MAX)),
            ),
            Arc::new(ListArray::try_new(item, lengths, members, None)?),
            instant(&|cluster| cluster.slices.start),
            instant(&|cluster| cluster.slices.end),
            number(&|cluster| Some(cluster.cases)),
            number(&|cluster| Some(cluster.expected)),
            number(&|cluster| cluster.relative_risk),
            number(&|cluster| Some(cluster.score)),
            number(&|cluster| cluster.p_value),
            number(&|cluster| cluster.gumbel_p_value),
            number(&|cluster| cluster.recurrence_interval),
        ];
        Ok(RecordBatch::try_new(schema(self.place), columns)?)
    }
}

/// The places that are scanned, and which of them the grouped rows are about.
struct Scanned {
    places: Places,
    zones: Zones,
    /// For each place of the grouped rows its number here; none outside of the city.
    of_group: Vec<Option<u32>>,
    population: Option<Vec<f64>>,
}

impl Scanned {
    fn of(run: &Run, grouped: &Grouped) -> Result<Self> {
        match (&grouped.places, run.place) {
            (Places::Areas(ids), Place::Area(level)) => {
                let level = run
                    .city
                    .level(level)
                    .ok_or_else(|| refused(format!("the city has no {level}")))?;
                let areas = level.latest();
                check_number(areas.len())?;
                let centroids: Vec<[f64; 2]> = areas
                    .iter()
                    .map(|area| [area.label.x(), area.label.y()])
                    .collect();
                let limits = CircleLimits {
                    radius: run.radius.unwrap_or(f64::INFINITY),
                    ..CircleLimits::default()
                };
                let zones = Zones::circles(&centroids, Metric::Sphere, limits)
                    .map_err(|error| refused(error.to_string()))?;
                let population = run
                    .poisson
                    .then(|| {
                        areas
                            .iter()
                            .map(|area| area.population)
                            .collect::<Option<Vec<f64>>>()
                    })
                    .map(|all| {
                        all.ok_or_else(|| {
                            refused(
                                "model => 'poisson' needs the residents of every area".to_owned(),
                            )
                        })
                    })
                    .transpose()?;
                let number =
                    |id: &String| areas.binary_search_by(|area| area.id.as_str().cmp(id)).ok();
                Ok(Self {
                    of_group: ids
                        .iter()
                        .map(|id| number(id).and_then(|at| u32::try_from(at).ok()))
                        .collect(),
                    places: Places::Areas(areas.iter().map(|area| area.id.clone()).collect()),
                    zones,
                    population,
                })
            }
            (Places::Cells(cells), _) => {
                let cells: Vec<CellIndex> = cells
                    .iter()
                    .map(|cell| {
                        CellIndex::try_from(*cell)
                            .map_err(|error| refused(format!("{cell} is no H3 cell: {error}")))
                    })
                    .collect::<Result<_>>()?;
                let Some(resolution) = cells.first().map(|cell| cell.resolution()) else {
                    return Err(refused("there are no records in cells".to_owned()));
                };
                if let Some(other) = cells.iter().find(|cell| cell.resolution() != resolution) {
                    return Err(refused(format!(
                        "the cells are of several resolutions: {} and {other}",
                        cells[0]
                    )));
                }
                let universe = cells::universe(&run.city, resolution);
                check_number(universe.len())?;
                let zones = Zones::rings(&cells::rings(universe, run.k))
                    .map_err(|error| refused(error.to_string()))?;
                let population = if run.poisson {
                    let residents = cells::residents(&run.city, universe, resolution)?;
                    let needs =
                        || refused("model => 'poisson' needs areas with residents".to_owned());
                    Some(residents.ok_or_else(needs)?)
                } else {
                    None
                };
                Ok(Self {
                    of_group: cells
                        .iter()
                        .map(|cell| cells::number(universe, *cell))
                        .collect(),
                    places: Places::Cells(universe.iter().map(|cell| u64::from(*cell)).collect()),
                    zones,
                    population,
                })
            }
            (Places::Areas(_), Place::Cell) => Err(refused("the places are no cells".to_owned())),
        }
    }
}

fn check_number(places: usize) -> Result<()> {
    if places <= PLACES_MAX {
        return Ok(());
    }
    Err(refused(format!(
        "{places} places are too many to scan, {PLACES_MAX} is the most: take larger areas, or cells of a coarser resolution as in h3_cell_to_parent(cell, 7) AS cell"
    )))
}

fn refused(reason: String) -> DataFusionError {
    AnalysisError::Refused {
        function: NAME,
        reason,
    }
    .into()
}
