use arrow_array::RecordBatch;
use proptest::prelude::*;

use super::*;
use crate::question::tests::{Row, batch};

fn published(seq: u64, rows: RecordBatch) -> Published {
    Published {
        seq,
        table: Table::Complaints,
        rows,
        replaces: false,
        replaced: None,
    }
}

fn view(question: Question) -> LiveView {
    let mut view = LiveView::new(question, Resolution::Eight, AreaLevel::District);
    view.reset(Counts::default());
    view
}

fn row() -> impl Strategy<Value = Row> {
    let place = prop_oneof![
        1 => Just((None, None)),
        1 => (116.0..116.1, 39.0..39.1).prop_map(|at| (Some(at), None)),
        1 => prop_oneof![Just("d1"), Just("d2")].prop_map(|id| (None, Some(id))),
        4 => ((116.0..116.1, 39.0..39.1), prop_oneof![Just("d1"), Just("d2")]).prop_map(|(at, id)| (Some(at), Some(id))),
    ];
    let category = prop_oneof![Just(None), Just(Some("noise")), Just(Some("water"))];
    (place, category).prop_map(|((at, district), category)| Row {
        at,
        category,
        district,
        ..Row::default()
    })
}

/// The counts by going through all rows one by one.
fn by_hand(seq: u64, rows: &[Row], meant: impl Fn(&Row) -> bool) -> Counts {
    let mut counts = Counts {
        seq,
        ..Counts::default()
    };
    for row in rows.iter().filter(|row| meant(row)) {
        counts.totals.total += 1;
        // By the parent of the base cell: an H3 cell does not hold its children.
        match row
            .base_cell()
            .and_then(|cell| cell.parent(Resolution::Eight))
            .map(u64::from)
        {
            None => {
                let bucket = match row.district {
                    Some(_) => &mut counts.totals.area_only,
                    None => &mut counts.totals.not_located,
                };
                *bucket += 1;
            }
            Some(cell) => *counts.cells.entry(cell).or_default() += 1,
        }
        match row.district {
            Some(area) => {
                counts.totals.located += 1;
                *counts.areas.entry(area.to_owned()).or_default() += 1;
            }
            None => counts.totals.outside += u64::from(row.at.is_some()),
        }
    }
    counts
}

proptest! {
    #[test]
    fn folding_batches_counts_what_counting_all_rows_counts(batches in prop::collection::vec(prop::collection::vec(row(), 0..20), 1..6)) {
        let question = Question { categories: vec!["noise".into()], ..Question::default() };
        let mut view = view(question);
        for (seq, rows) in (1..).zip(&batches) {
            view.fold(&published(seq, batch(rows)));
        }
        let counts = by_hand(batches.len() as u64, &batches.concat(), |row| row.category == Some("noise"));
        prop_assert_eq!(view.counts(), &counts);
        let Totals { total, located, area_only, outside, not_located } = view.counts().totals;
        prop_assert_eq!(total, located + outside + not_located);
        prop_assert_eq!(view.counts().areas.values().sum::<u64>(), located);
        prop_assert_eq!(view.counts().cells.values().sum::<u64>(), located - area_only + outside);
    }

    #[test]
    fn changes_laid_over_the_counts_before_give_the_counts_after(
        before in prop::collection::vec(row(), 0..20),
        folded in prop::collection::vec(row(), 0..20),
        read in prop::collection::vec(row(), 0..20),
    ) {
        let mut view = view(Question::default());
        view.fold(&published(1, batch(&before)));
        view.take_changes();
        let mut shown = view.counts().clone();

        view.fold(&published(2, batch(&folded)));
        view.reset(by_hand(3, &read, |_| true));
        if let Some(changes) = view.take_changes() {
            shown.cells.extend(changes.cells);
            shown.areas.extend(changes.areas);
            shown.totals = changes.totals;
        }
        shown.cells.retain(|_, count| *count > 0);
        shown.areas.retain(|_, count| *count > 0);
        let after = view.counts();
        prop_assert_eq!((&shown.cells, &shown.areas, shown.totals), (&after.cells, &after.areas, after.totals));
    }
}

fn one() -> RecordBatch {
    batch(&[Row {
        at: Some((116.0, 39.0)),
        district: Some("d1"),
        ..Row::default()
    }])
}

#[test]
fn a_batch_that_the_counts_hold_already_is_not_counted_again() {
    let mut view = LiveView::new(Question::default(), Resolution::Eight, AreaLevel::District);
    view.reset(Counts {
        seq: 7,
        ..Counts::default()
    });
    view.fold(&published(7, one()));
    assert_eq!(view.counts().totals.total, 0);
    view.fold(&published(8, one()));
    assert_eq!((view.counts().totals.total, view.counts().seq), (1, 8));
}

#[test]
fn a_batch_that_replaces_rows_makes_the_view_stale_until_it_is_read_anew() {
    let mut view = view(Question::default());
    view.fold(&Published {
        replaces: true,
        replaced: None,
        ..published(1, one())
    });
    assert!(view.is_stale());
    view.fold(&published(2, one()));
    assert_eq!(view.take_changes(), None);
    view.reset(Counts {
        seq: 2,
        totals: Totals {
            total: 5,
            not_located: 5,
            ..Totals::default()
        },
        ..Counts::default()
    });
    let changes = view.take_changes().unwrap();
    assert_eq!((changes.seq, changes.totals.total), (2, 5));
    assert!(changes.cells.is_empty());
}

/// The rows with the row that each replaces.
fn superseding(rows: &RecordBatch, replaced: Vec<Option<i64>>) -> RecordBatch {
    let mut columns = rows.columns().to_vec();
    let at = rows.schema().index_of("supersedes").unwrap();
    columns[at] = Arc::new(arrow_array::Int64Array::from(replaced));
    RecordBatch::try_new(rows.schema(), columns).unwrap()
}

proptest! {
    /// Complaints that are new, corrected or withdrawn from what is asked, some of them within one batch: the counts are those of the latest states.
    #[test]
    fn a_view_stays_exact_over_rows_that_replace_others_without_reading_anew(
        batches in prop::collection::vec(prop::collection::vec((0_usize..12, row()), 1..10), 1..8),
    ) {
        let question = Question { categories: vec!["noise".into()], ..Question::default() };
        let mut view = view(question);
        let mut latest: BTreeMap<usize, Row> = BTreeMap::new();
        for (seq, complaints) in (1..).zip(&batches) {
            let (mut rows, mut replaced, mut supersedes) = (Vec::new(), Vec::new(), Vec::new());
            for (id, row) in complaints {
                let before = latest.insert(*id, row.clone());
                supersedes.push(before.as_ref().map(|_| 1));
                replaced.extend(before);
                rows.push(row.clone());
            }
            view.fold(&Published {
                replaces: !replaced.is_empty(),
                replaced: Some(batch(&replaced)),
                ..published(seq, superseding(&batch(&rows), supersedes))
            });
        }
        prop_assert!(!view.is_stale());
        let rows: Vec<Row> = latest.into_values().collect();
        let mut counts = by_hand(batches.len() as u64, &rows, |row| row.category == Some("noise"));
        counts.cells.retain(|_, count| *count > 0);
        prop_assert_eq!(view.counts(), &counts);
    }
}

#[test]
fn a_batch_that_names_fewer_replaced_rows_than_it_replaces_makes_the_view_stale() {
    let mut view = view(Question::default());
    view.fold(&Published {
        replaces: true,
        replaced: Some(batch(&[])),
        ..published(1, superseding(&one(), vec![Some(1)]))
    });
    assert!(view.is_stale());
}

#[test]
fn batches_of_other_tables_change_nothing() {
    let mut view = view(Question::default());
    view.fold(&Published {
        table: Table::Observations,
        replaces: true,
        replaced: None,
        ..published(1, one())
    });
    assert!(!view.is_stale());
    assert_eq!(view.take_changes(), None);
}

#[test]
fn changes_are_told_once_with_the_newest_count() {
    let mut view = view(Question::default());
    view.fold(&published(1, one()));
    view.fold(&published(2, one()));
    let changes = view.take_changes().unwrap();
    assert_eq!(
        changes
            .cells
            .iter()
            .map(|(_, count)| *count)
            .collect::<Vec<_>>(),
        [2]
    );
    assert_eq!(changes.areas, [("d1".to_owned(), 2)]);
    assert_eq!(view.take_changes(), None);
}

mod windowed {
    use proptest::prelude::*;

    use super::*;
    use crate::rules::tests::{MINUTE, NOON, Record, city, place, record, rows};

    #[derive(Debug, Clone)]
    enum Step {
        /// Number, place, minutes before now, is it noise.
        Complaint(u8, usize, i64, bool),
        Wait(i64),
        /// Erased, or too old to be kept.
        Gone(u8),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (0_u8..20, 0_usize..3, -5_i64..70, any::<bool>())
                .prop_map(|(id, at, ago, noise)| Step::Complaint(id, at, ago, noise)),
            1 => (1_i64..700).prop_map(Step::Wait),
            1 => (0_u8..20).prop_map(Step::Gone),
        ]
    }

    /// A complaint as it is now.
    fn made(id: u8, (at, made, noise): (usize, i64, bool)) -> Record {
        let category = if noise { "noise" } else { "withdrawn" };
        record(&id.to_string(), made, at)
            .with("category", category)
            .with("category_path", category)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Late, early, repeated, corrected, withdrawn and erased complaints: the counts of each window are those of a scan over the latest
        /// states. What is published between a removal and the reading that it makes necessary is in what is read.
        #[test]
        fn a_window_counts_what_a_full_scan_counts(steps in prop::collection::vec(step(), 1..60)) {
            let zone = city().time_zone;
            let question = Question { categories: vec!["noise".into()], ..Question::default() };
            let detail = Detail { aligned: Some(AreaLevel::Community), categories: true };
            let mut now = NOON;
            let windows = ["5min", "1h", "24h", "today"].map(|word| word.parse::<Window>().unwrap());
            let mut views = windows.map(|window| {
                let mut view = LiveView::windowed(question.clone(), Resolution::Eight, AreaLevel::Subdistrict, detail, window, zone, now);
                view.seed(&rows(Table::Complaints, &[]), 0);
                view
            });
            let mut latest: BTreeMap<u8, (usize, i64, bool)> = BTreeMap::new();
            for (seq, step) in (1..).zip(steps) {
                match step {
                    Step::Complaint(id, at, ago, noise) => {
                        latest.insert(id, (at, now - ago * MINUTE, noise));
                        let complaint = made(id, latest[&id]);
                        let published = Published {
                            seq,
                            table: Table::Complaints,
                            rows: rows(Table::Complaints, &[complaint]),
                            replaces: true,
                            replaced: None,
                        };
                        for view in &mut views {
                            view.fold(&published);
                        }
                    }
                    Step::Wait(minutes) => {
                        now += minutes * MINUTE;
                        for view in &mut views {
                            view.advance(now);
                        }
                    }
                    Step::Gone(id) => {
                        latest.remove(&id);
                        let published = Published {
                            seq,
                            table: Table::Complaints,
                            rows: rows(Table::Complaints, &[]),
                            replaces: true,
                            replaced: None,
                        };
                        for view in &mut views {
                            view.fold(&published);
                            prop_assert!(view.is_stale());
                        }
                    }
                }
                if views[0].is_stale() && seq % 2 == 0 {
                    let all: Vec<_> = latest.iter().map(|(id, complaint)| made(*id, *complaint)).collect();
                    for view in &mut views {
                        view.seed(&rows(Table::Complaints, &all), seq);
                    }
                }
                if views[0].is_stale() {
                    continue;
                }
                for (view, window) in views.iter().zip(windows) {
                    let start = window.start(zone, now);
                    let mut areas: BTreeMap<String, u64> = BTreeMap::new();
                    let mut parts: BTreeMap<String, u64> = BTreeMap::new();
                    for (at, made, noise) in latest.values() {
                        if *noise && *made > start && *made <= now {
                            let area = |level: AreaLevel| place(*at).1[level.index()].clone().unwrap();
                            *areas.entry(area(AreaLevel::Subdistrict)).or_default() += 1;
                            *parts.entry(area(AreaLevel::Community)).or_default() += 1;
                        }
                    }
                    let counts = view.counts();
                    prop_assert_eq!(&counts.areas, &areas, "{}", window);
                    let sum: u64 = areas.values().sum();
                    prop_assert_eq!(counts.totals.total, sum);
                    let mut by_part: BTreeMap<String, u64> = BTreeMap::new();
                    let mut by_cell: HashMap<u64, u64> = HashMap::new();
                    for ((cell, part), count) in &counts.aligned {
                        *by_part.entry(part.to_string()).or_default() += count;
                        *by_cell.entry(*cell).or_default() += count;
                    }
                    prop_assert_eq!((&by_part, &by_cell), (&parts, &counts.cells));
                    let categories: BTreeMap<String, u64> = counts.categories.iter()
                        .map(|((area, category), count)| {
                            assert_eq!(category.as_deref(), Some("noise"));
                            (area.to_string(), *count)
                        })
                        .collect();
                    prop_assert_eq!(&categories, &areas);
                    prop_assert_eq!(counts.cells.values().sum::<u64>(), sum);
                    prop_assert!(!view.is_stale());
                }
            }
        }
    }
}
