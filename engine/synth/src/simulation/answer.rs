//! The answer key of a world.

use citybrain_grid::City;
use h3o::{CellIndex, LatLng};

use super::fact::{Fact, What, When};
use super::truth::{
    BurstTruth, CityTruth, HotspotTruth, LeadTruth, PeriodicTruth, Totals, Truth, WindowTruth,
};
use super::world::{DAY_S, HOUR_S, World};

impl Truth {
    /// The answer key of a world; counts every hour, without making the records.
    pub(super) fn of(world: &World, city: &City) -> Self {
        let mut truth = Self {
            seed: world.seed,
            city: CityTruth {
                name: city.name.clone(),
                time_zone: city.time_zone.name().to_owned(),
                base_resolution: city.base_resolution.into(),
                fingerprint: format!("{:016x}", city.fingerprint),
                boundary_version: city.boundary_version(),
            },
            window: WindowTruth {
                from: world.zone.local(world.from_s * 1000),
                to: world.zone.local(world.to_s * 1000),
                complaints_per_day: world.complaints_per_day,
                sensors: world.sensors.len(),
                observation_minutes: world.observation_minutes,
            },
            totals: Totals {
                complaints: 0,
                background: 0,
                planted: 0,
                observations: world.observation_count(),
                datastreams: world.sensors.iter().map(|s| s.streams.len() as u64).sum(),
            },
            hotspots: Vec::new(),
            periodic_issues: Vec::new(),
            bursts: Vec::new(),
            leading_sensors: Vec::new(),
        };
        let mut planted = vec![0; world.facts.len()];
        for hour in world.hours() {
            let counts = world.counts(hour, &mut world.hour_rng(hour));
            truth.totals.background += counts.background;
            for (fact, n) in counts.planted {
                planted[fact] += n;
            }
        }
        truth.totals.planted = planted.iter().sum();
        truth.totals.complaints = truth.totals.background + truth.totals.planted;
        for (i, fact) in world.facts.iter().enumerate() {
            truth.add(world, fact, planted[i], world.hotspot_background[i]);
        }
        truth
    }

    /// Adds one fact that `planted` complaints came from; `background` complaints of the ordinary city are expected in a
    /// hotspot's cells over its window.
    fn add(&mut self, world: &World, fact: &Fact, planted: u64, background: f64) {
        let local = |at_s: i64| world.zone.local(at_s * 1000);
        let category = &world.categories[fact.category];
        let (category, category_path) = (category.name.to_string(), category.path.to_string());
        match (&fact.what, &fact.when) {
            (What::Hotspot(kind, cells), When::Between { from, to, .. }) => {
                let Some(&middle) = cells.first() else {
                    return;
                };
                let middle = LatLng::from(middle);
                #[expect(clippy::cast_precision_loss, reason = "seconds of a window")]
                let days = (to - from) as f64 / DAY_S as f64;
                let background_per_day = background / days;
                let extra_per_day = fact.per_hour * 24.0;
                self.hotspots.push(HotspotTruth {
                    kind: *kind,
                    category,
                    category_path,
                    cells: cells.iter().map(CellIndex::to_string).collect(),
                    lon: middle.lng(),
                    lat: middle.lat(),
                    from: local(*from),
                    to: local(*to),
                    background_per_day,
                    extra_per_day,
                    rate_ratio: (background_per_day + extra_per_day) / background_per_day,
                    planted,
                });
            }
            (
                What::Periodic(area),
                When::Periodic {
                    rhythm,
                    from_hour,
                    hours,
                },
            ) => {
                let mut window = world.hours();
                let first = window.find(|hour| {
                    let clock = world.zone.clock(hour * HOUR_S);
                    fact.rate(hour * HOUR_S, clock, &world.sensors) > 0.0
                });
                self.periodic_issues.push(PeriodicTruth {
                    area: area.clone(),
                    category,
                    category_path,
                    rhythm: *rhythm,
                    period_h: rhythm.period_h(),
                    from_hour: *from_hour,
                    hours: *hours,
                    first: first.map(|hour| local(hour * HOUR_S)),
                    extra_per_hour: fact.per_hour,
                    planted,
                });
            }
            (What::Burst(area), When::Between { from, to, .. }) => {
                let length_h = (to - from) / HOUR_S;
                #[expect(clippy::cast_precision_loss, reason = "at most 30 hours")]
                let size = fact.per_hour * length_h as f64;
                self.bursts.push(BurstTruth {
                    area: area.clone(),
                    category,
                    category_path,
                    start: local(*from),
                    length_h,
                    size,
                    planted,
                });
            }
            (
                What::Lead(area),
                When::After {
                    sensor,
                    stream,
                    lag_h,
                },
            ) => {
                let sensor = &world.sensors[*sensor];
                let stream = &sensor.streams[*stream];
                self.leading_sensors.push(LeadTruth {
                    sensor: sensor.id.to_string(),
                    datastream: stream.id.to_string(),
                    property: stream.property.as_str().to_owned(),
                    category,
                    category_path,
                    area: area.clone(),
                    lag_h: *lag_h,
                    planted,
                });
            }
            _ => {}
        }
    }
}
