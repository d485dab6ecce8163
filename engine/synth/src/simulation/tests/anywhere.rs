use super::*;

fn square(id: &str, west: f64, south: f64, side: f64) -> AreaParts {
    let corner = coord! { x: west, y: south };
    AreaParts {
        id: id.to_owned(),
        name: format!("Area {id}"),
        names: BTreeMap::new(),
        parent: None,
        population: None,
        boundary: Rect::new(corner, corner + coord! { x: side, y: side })
            .to_polygon()
            .into(),
    }
}

fn other_city(zone: Tz, level: AreaLevel, areas: Vec<AreaParts>, resolution: Resolution) -> City {
    City::try_new(CityParts {
        name: "Elsewhere".to_owned(),
        time_zone: zone,
        base_resolution: resolution,
        languages: vec!["en".to_owned()],
        levels: vec![LevelParts {
            level,
            names: BTreeMap::new(),
            versions: vec![VersionParts {
                valid_from: None,
                parents: Parents::City,
                areas,
            }],
        }],
    })
    .unwrap()
}

#[rstest]
#[case::one_district(Tz::America__New_York, AreaLevel::District, 1, Resolution::Nine)]
#[case::neighbourhoods(Tz::America__New_York, AreaLevel::Community, 9, Resolution::Ten)]
#[case::unit_grids(Tz::Asia__Kolkata, AreaLevel::Grid, 4, Resolution::Eleven)]
#[case::coarse_cells(Tz::Australia__Lord_Howe, AreaLevel::Subdistrict, 4, Resolution::Six)]
fn any_city_can_be_simulated(
    #[case] zone: Tz,
    #[case] level: AreaLevel,
    #[case] areas: i32,
    #[case] resolution: Resolution,
) {
    let areas = (0..areas)
        .map(|i| {
            square(
                &i.to_string(),
                -71.2 + 0.05 * f64::from(i % 3),
                42.2 + 0.05 * f64::from(i / 3),
                0.05,
            )
        })
        .collect();
    let city = other_city(zone, level, areas, resolution);
    // Over a change of clocks, from and to odd instants.
    let from = DateTime::parse_from_rfc3339("2026-10-28T05:17:23.4Z")
        .unwrap()
        .to_utc();
    let spec = SimulationSpec {
        from,
        to: from + TimeDelta::minutes(9 * 24 * 60 + 31),
        complaints_per_day: 500.0,
        ..SimulationSpec::before(from, 1, 3)
    };
    let simulation = Simulation::try_new(&city, &spec).unwrap();
    let complaints: Vec<_> = simulation.complaints().collect();
    assert_eq!(
        complaints.len() as u64,
        simulation.truth().totals.complaints
    );
    assert!(
        is_plausible(complaints.len(), 9.02 * 500.0),
        "{}",
        complaints.len()
    );
    for c in &complaints {
        assert!((spec.from..spec.to).contains(&c.requested_at.to_utc()));
        for at in [Some(c.requested_at), c.dispatched_at, c.closed_at]
            .into_iter()
            .flatten()
        {
            assert_eq!(at, at.with_timezone(&zone), "an instant");
            assert_eq!(
                at.to_rfc3339(),
                at.with_timezone(&zone).to_rfc3339(),
                "in the city's zone"
            );
        }
        assert_eq!(c.district.is_some(), level == AreaLevel::District);
        assert!(serde_json::to_string(c).unwrap().is_ascii(), "{c:?}");
    }
    assert!(!simulation.truth().hotspots.is_empty() && !simulation.truth().bursts.is_empty());
    assert_eq!(
        simulation.observations().count() as u64,
        simulation.truth().totals.observations
    );
}

#[test]
fn a_city_without_complaints_or_sensors_is_quiet() {
    let simulation = simulate(&SimulationSpec {
        complaints_per_day: 0.0,
        sensors: 0,
        ..spec()
    });
    assert_eq!(
        simulation.complaints().count() + simulation.observations().count(),
        0
    );
    assert_eq!(simulation.truth().totals.complaints, 0);
}

#[rstest]
#[case::empty(SimulationSpec { to: spec().from, ..spec() }, "is empty")]
#[case::too_early(SimulationSpec { from: DateTime::UNIX_EPOCH, ..spec() }, "leaves the years")]
#[case::not_a_number(SimulationSpec { complaints_per_day: f64::NAN, ..spec() }, "complaints a day")]
#[case::negative(SimulationSpec { complaints_per_day: -1.0, ..spec() }, "complaints a day")]
#[case::too_many_sensors(SimulationSpec { sensors: 2_000_000, ..spec() }, "sensors")]
#[case::no_interval(SimulationSpec { observation_minutes: 0, ..spec() }, "minutes")]
fn a_spec_that_cannot_be_is_refused(#[case] spec: SimulationSpec, #[case] says: &str) {
    let city = other_city(
        Tz::UTC,
        AreaLevel::District,
        vec![square("1", 0.0, 0.0, 0.1)],
        Resolution::Nine,
    );
    let refused = Simulation::try_new(&city, &spec).unwrap_err().to_string();
    assert!(refused.contains(says), "{refused}");
}

#[test]
fn a_spec_of_days_begins_and_ends_at_local_midnight() {
    let day = NaiveDate::from_ymd_opt(2026, 3, 8).unwrap();
    let spec = SimulationSpec::of_days(Tz::America__New_York, day, 1, 1);
    assert_eq!(
        spec.to - spec.from,
        TimeDelta::hours(23),
        "the day on which clocks go forward"
    );
    // In Beirut clocks go forward at midnight, so that the day begins at one.
    let day = NaiveDate::from_ymd_opt(2026, 3, 29).unwrap();
    let spec = SimulationSpec::of_days(Tz::Asia__Beirut, day, 1, 1);
    assert_eq!(spec.from.with_timezone(&Tz::Asia__Beirut).hour(), 1);
}
