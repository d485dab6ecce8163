//! The history's complaints, hour by hour.

use std::sync::Arc;

use rand::Rng;
use rand::distr::Distribution;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::category::{Category, Urgency};
use super::complaint::SimulatedComplaint;
use super::place::rounded;
use super::report::{Recent, Report, Serial};
use super::text::text;
use super::world::{DAY_S, HOUR_S, World};

/// The history's complaints in order of `requested_at`; holds one hour at a time.
#[derive(Debug)]
pub struct Complaints {
    world: Arc<World>,
    hours: std::ops::Range<i64>,
    rng: ChaCha8Rng,
    mix: Option<super::world::Mix>,
    /// The hour's complaints, the last one first: second, and the planted fact that it comes from.
    pending: Vec<(i64, Option<usize>)>,
    serial: Serial,
    recent: Recent,
}

impl Complaints {
    pub(super) fn new(world: Arc<World>) -> Self {
        Self {
            hours: world.hours(),
            rng: world.hour_rng(0),
            mix: None,
            pending: Vec::new(),
            serial: Serial::default(),
            recent: Recent::default(),
            world,
        }
    }

    /// Draws the next hour's instants; says whether there is an hour.
    fn next_hour(&mut self) -> bool {
        let Some(hour) = self.hours.next() else {
            return false;
        };
        self.rng = self.world.hour_rng(hour);
        let counts = self.world.counts(hour, &mut self.rng);
        let (start, end) = self.world.span(hour);
        for _ in 0..counts.background {
            self.pending.push((self.rng.random_range(start..end), None));
        }
        for (fact, n) in counts.planted {
            for _ in 0..n {
                let at = self.rng.random_range(start..end);
                self.pending.push((at, Some(fact)));
            }
        }
        self.pending.sort_unstable_by(|a, b| b.cmp(a));
        self.mix = Some(counts.mix);
        true
    }

    fn complaint(&mut self, at_s: i64, fact: Option<usize>) -> SimulatedComplaint {
        let world = &*self.world;
        let rng = &mut self.rng;
        let id = self.serial.next(world.zone.local(at_s * 1000));
        let mut repeat_of = None;
        let (category, place) = if let Some(fact) = fact {
            let fact = &world.facts[fact];
            let place = fact.places[rng.random_range(0..fact.places.len())];
            (fact.category, place)
        } else if let Some(again) = self.recent.again(rng) {
            repeat_of = Some(again.id.text());
            (again.category, again.place)
        } else {
            let category = self.mix.as_ref().map_or(0, |mix| mix.draw(rng));
            let place = ordinary_place(world, rng);
            self.recent.remember(Report {
                id,
                category,
                place,
            });
            (category, place)
        };
        let about = About {
            category: &world.categories[category],
            place,
            exactly: fact.is_some(),
        };
        let mut complaint = accepted(world, id.text(), at_s * 1000, &about, rng);
        if let Some(earlier) = repeat_of {
            complaint.tags.push(Arc::clone(&world.repeat_tag));
            complaint.repeat_of = Some(earlier);
        }
        handle(world, &mut complaint, &about, rng);
        complaint
    }
}

impl Iterator for Complaints {
    type Item = SimulatedComplaint;

    fn next(&mut self) -> Option<SimulatedComplaint> {
        loop {
            if let Some((at_s, fact)) = self.pending.pop() {
                return Some(self.complaint(at_s, fact));
            }
            if !self.next_hour() {
                return None;
            }
        }
    }
}

/// What a complaint is about, and where.
pub(super) struct About<'a> {
    pub(super) category: &'a Category,
    pub(super) place: u32,
    /// Just there: the position is not moved along the street, so that a planted fact stays in its cells and area.
    pub(super) exactly: bool,
}

/// One of the ordinary city's places, as complaints are spread.
pub(super) fn ordinary_place(world: &World, rng: &mut impl Rng) -> u32 {
    u32::try_from(world.pick.sample(rng)).expect("tens of thousands of places")
}

const CHANNELS: [(&str, u32); 7] = [
    ("phone", 58),
    ("app", 14),
    ("wechat", 11),
    ("web", 7),
    ("grid_patrol", 6),
    ("message_board", 3),
    ("weibo", 1),
];
const KINDS: [(&str, u32); 6] = [
    ("complaint", 62),
    ("help", 18),
    ("enquiry", 10),
    ("report", 6),
    ("suggestion", 3),
    ("praise", 1),
];
/// Share of complaints that come without a position.
const NOT_LOCATED: f64 = 0.03;

/// A complaint as it is when it has just been reported.
pub(super) fn accepted(
    world: &World,
    id: String,
    at_ms: i64,
    about: &About<'_>,
    rng: &mut impl Rng,
) -> SimulatedComplaint {
    let category = about.category;
    let place = &world.places[about.place as usize];
    let (mut lon, mut lat) = (place.lon, place.lat);
    if category.outdoors && !about.exactly {
        lon = rounded(lon + rng.random_range(-0.001..0.001));
        lat = rounded(lat + rng.random_range(-0.0008..0.0008));
    }
    let located = !rng.random_bool(NOT_LOCATED);
    let name = |level: usize| {
        place
            .area(level)
            .map(|area| Arc::clone(&world.names[level][area]))
    };
    let office = place.area(1).filter(|_| rng.random_bool(0.55));
    let agency = office.map_or(&category.agency, |area| &world.offices[area]);
    SimulatedComplaint {
        id,
        requested_at: world.zone.local(at_ms),
        dispatched_at: None,
        due_at: Some(world.zone.local(at_ms + category.urgency.limit_s() * 1000)),
        closed_at: None,
        channel: weighted(&CHANNELS, rng),
        kind: weighted(&KINDS, rng),
        category: Arc::clone(&category.name),
        category_path: Arc::clone(&category.path),
        status: "accepted",
        urgency: category.urgency.as_str(),
        agency: Arc::clone(agency),
        lon: located.then_some(lon),
        lat: located.then_some(lat),
        address: Arc::clone(&place.address),
        district: name(0),
        subdistrict: name(1),
        community: name(2),
        text: text(world.language, category, &place.address, rng),
        tags: vec![Arc::clone(&category.tag)],
        contacted: None,
        resolved: None,
        satisfaction: None,
        repeat_of: None,
    }
}

/// Sends the complaint on its way, as far as it has come by the end of the window: dispatched, closed, called back.
fn handle(
    world: &World,
    complaint: &mut SimulatedComplaint,
    about: &About<'_>,
    rng: &mut impl Rng,
) {
    let dispatch_min = match about.category.urgency {
        Urgency::Emergency => 3.0,
        Urgency::Urgent => 12.0,
        Urgency::Ordinary => 35.0,
        Urgency::Complex => 60.0,
    };
    let requested_s = complaint.requested_at.timestamp();
    let dispatched_s = requested_s + delay_s(dispatch_min * 60.0, 0.8, rng);
    let closed_s = dispatched_s + 600 + delay_s(about.category.close_h * 3600.0, 0.7, rng);
    let listed = about.category.urgency.limit_s() > DAY_S && rng.random_bool(0.012);
    let called_s = closed_s + rng.random_range(6 * HOUR_S..3 * DAY_S);
    let answers: [f64; 3] = rng.random();

    if dispatched_s >= world.to_s {
        return;
    }
    complaint.dispatched_at = Some(world.zone.local(dispatched_s * 1000));
    if listed || closed_s >= world.to_s {
        let signed_s = dispatched_s + (closed_s - dispatched_s) / 8;
        complaint.status = match signed_s < world.to_s {
            true if listed => "listed",
            true => "in_hand",
            false => "dispatched",
        };
        return;
    }
    complaint.closed_at = Some(world.zone.local(closed_s * 1000));
    complaint.status = "closed";
    if called_s < world.to_s {
        let is_late = closed_s > requested_s + about.category.urgency.limit_s();
        call_back(complaint, is_late, answers);
    }
}

/// Asks the citizen: reached? solved? satisfied? A late answer solves and satisfies less often.
fn call_back(
    complaint: &mut SimulatedComplaint,
    is_late: bool,
    [reached, solved, content]: [f64; 3],
) {
    let contacted = reached < 0.92;
    complaint.contacted = Some(contacted);
    if !contacted {
        return;
    }
    let solved = if is_late { 0.6 * solved + 0.4 } else { solved };
    let resolved = match solved {
        s if s < 0.78 => "resolved",
        s if s < 0.86 => "partly",
        _ => "unresolved",
    };
    let content = if resolved == "unresolved" {
        0.4 * content + 0.6
    } else {
        content
    };
    complaint.resolved = Some(resolved);
    complaint.satisfaction = Some(match content {
        c if c < 0.66 => "satisfied",
        c if c < 0.82 => "basically",
        c if c < 0.93 => "dissatisfied",
        _ => "not_rated",
    });
}

/// A log-normal delay of at most 300 days with this median, in seconds.
fn delay_s(median_s: f64, sigma: f64, rng: &mut impl Rng) -> i64 {
    let normal: f64 = StandardNormal.sample(rng);
    #[expect(clippy::cast_possible_truncation, reason = "at most 300 days")]
    let seconds = (median_s * (sigma * normal).exp()).min(300.0 * 86_400.0) as i64;
    seconds
}

fn weighted(words: &[(&'static str, u32)], rng: &mut impl Rng) -> &'static str {
    let mut at = rng.random_range(0..words.iter().map(|(_, weight)| weight).sum());
    for (word, weight) in words {
        match at.checked_sub(*weight) {
            Some(rest) => at = rest,
            None => return word,
        }
    }
    ""
}
