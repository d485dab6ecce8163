//! The best cylinder around each area, and the best ones that share no area.

use std::thread;

use super::Plan;

/// A cylinder and its score.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) score: f64,
    pub(super) center: usize,
    /// Areas of the zone.
    pub(super) size: usize,
    /// Number of the window.
    pub(super) window: usize,
    pub(super) cases: f64,
    pub(super) expected: f64,
}

/// The best cylinder around each area, for areas that have one, in order of areas; and the number of zones.
pub(super) fn search(plan: &Plan<'_>, counts: &[f64], threads: usize) -> (Vec<Found>, u64) {
    let rows = plan.windows.fold_all(counts);
    let areas = plan.zones.areas();
    let (rows, part) = (&rows, areas.div_ceil(threads).max(1));
    thread::scope(|scope| {
        let workers: Vec<_> = (0..areas)
            .step_by(part)
            .map(|first| {
                scope.spawn(move || {
                    let centers = first..(first + part).min(areas);
                    centers
                        .map(|center| around(plan, rows, center))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        let found: Vec<_> = workers
            .into_iter()
            .flat_map(|worker| {
                worker
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect();
        let zones = found.iter().map(|(_, zones)| zones).sum();
        (
            found.into_iter().filter_map(|(found, _)| found).collect(),
            zones,
        )
    })
}

fn around(plan: &Plan<'_>, rows: &[f64], center: usize) -> (Option<Found>, u64) {
    let row = plan.windows.row();
    let (mut cases, mut expected, mut mass) = (vec![0.0; row], vec![0.0; row], 0.0);
    let (mut best, mut zones) = (None::<Found>, 0);
    for (rank, member) in plan.zones.members(center).iter().enumerate() {
        let area = member.area as usize;
        mass += plan.mass[area];
        if mass > plan.limit {
            break;
        }
        add(&mut cases, &rows[area * row..][..row]);
        add(&mut expected, &plan.expected[area * row..][..row]);
        if !member.complete {
            continue;
        }
        zones += 1;
        let mut level = best.map_or(0.0, |best| best.score);
        plan.windows
            .each(&cases, &expected, |window, cases, expected| {
                // A little less: shared cases add up to whole ones only nearly.
                if cases + 1e-9 < plan.minimum_cases
                    || !plan.score.may_exceed(cases, expected, level)
                {
                    return;
                }
                let score = plan.score.of(cases, expected);
                if score > level {
                    level = score;
                    best = Some(Found {
                        score,
                        center,
                        size: rank + 1,
                        window,
                        cases,
                        expected,
                    });
                }
            });
    }
    (best, zones)
}

/// The best cylinders, best first, none of which shares an area with a better one.
pub(super) fn disjoint(mut found: Vec<Found>, plan: &Plan<'_>, most: usize) -> Vec<Found> {
    found.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.center.cmp(&b.center)));
    let mut taken = vec![false; plan.zones.areas()];
    let mut best = Vec::new();
    for cylinder in found {
        let members = &plan.zones.members(cylinder.center)[..cylinder.size];
        if best.len() < most && members.iter().all(|member| !taken[member.area as usize]) {
            for member in members {
                taken[member.area as usize] = true;
            }
            best.push(cylinder);
        }
    }
    best
}

fn add(sum: &mut [f64], row: &[f64]) {
    for (sum, value) in sum.iter_mut().zip(row) {
        *sum += value;
    }
}
