//! What the steps of a complaint add up to.
//!
//! The state of a complaint is what its own record says, and then each step in order of its instant; steps of one instant in the
//! order of a complaint's path ([`EventKind::ALL`]). So it is the same whatever the order in which they arrive.
//!
//! | step | what it changes by itself |
//! | --- | --- |
//! | `accepted`, `classified`, `signed`, `returned`, `answered`, `listed`, `merged` | `status` is its word |
//! | `dispatched` | `status`, and `dispatched_at` is its instant |
//! | `closed` | `status`, and `closed_at` is its instant |
//! | `reopened` | `status`, and there is no `closed_at` any more |
//! | `called_back` | `status`, unless the complaint is closed: then it stays `closed` |
//! | `extended`, `corrected` | nothing |
//!
//! Then its `fields` change what they name, `status` too. What the complaint's own record says of its handling holds from the instant
//! that it gives for it: `dispatched_at` and `closed_at` from themselves on, `status` and `agency` from the last of these. So a
//! step that comes in late does not undo what an export knows of a later time.

use serde_json::{Map, Value};

use crate::{EventKind, Values, changes};

/// A step as it takes part in the state of its complaint.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// When it happened: µs since 1970, UTC.
    pub at: i64,
    /// What happened.
    pub event: EventKind,
    /// What it changes besides what its kind does.
    pub changes: Values,
}

/// The most steps of a complaint that its state is made of: the newest ones by their instants.
pub const STEPS_MAX: usize = 256;

impl Step {
    /// A step with the fields of its JSON object; fields that are of no known type change nothing.
    pub fn new(at: i64, event: EventKind, fields: Option<&str>) -> Self {
        let changes = fields
            .and_then(|fields| changes::changes(fields).ok())
            .unwrap_or_default();
        Self { at, event, changes }
    }

    /// What makes two steps of a complaint the same step, in the order in which steps are folded.
    fn key(&self) -> (i64, usize) {
        (self.at, self.event as usize)
    }

    /// As one JSON value, for [`Step::from_json`].
    pub fn to_json(&self) -> Value {
        let changes: Map<String, Value> = self
            .changes
            .iter()
            .map(|(&name, value)| (name.to_owned(), value.clone()))
            .collect();
        Value::from(vec![
            Value::from(self.at),
            Value::from(self.event.as_str()),
            Value::Object(changes),
        ])
    }

    /// The step that [`Step::to_json`] wrote; none for anything else.
    pub fn from_json(value: &Value) -> Option<Self> {
        let [at, event, Value::Object(changes)] = value.as_array()?.as_slice() else {
            return None;
        };
        let word = event.as_str()?;
        Some(Self {
            at: at.as_i64()?,
            event: EventKind::ALL
                .into_iter()
                .find(|kind| kind.as_str() == word)?,
            changes: values_of(changes),
        })
    }
}

/// The values of a JSON object under the names of the columns that a step may change; other names are left out.
fn values_of(object: &Map<String, Value>) -> Values {
    changes::CHANGEABLE
        .into_iter()
        .filter_map(|(_, column, _)| Some((column, object.get(column)?.clone())))
        .collect()
}

/// Adds `step` to the steps of a complaint, which are in the order of folding: in the place of the same step, if it is there. Only
/// the newest [`STEPS_MAX`] are kept.
pub fn add_step(steps: &mut Vec<Step>, step: Step) {
    match steps.binary_search_by_key(&step.key(), Step::key) {
        Ok(at) => steps[at] = step,
        Err(at) => steps.insert(at, step),
    }
    if steps.len() > STEPS_MAX {
        steps.remove(0);
    }
}

/// The state of a complaint whose own record says `told` and that has gone through `steps`, in the order of [`add_step`].
/// Columns that are not in `told` are none.
pub fn fold(told: &Values, steps: &[Step]) -> Values {
    let mut state = told.clone();
    let known = |name: &str| told.get(name).and_then(Value::as_i64);
    let requested = known("requested_at").unwrap_or(i64::MIN);
    let (dispatched, closed) = (known("dispatched_at"), known("closed_at"));
    let last = dispatched.max(closed);
    // What the record says of its own handling, as from when; of one instant, before a step.
    let mut own: Vec<(i64, &'static str)> = Vec::new();
    own.extend(dispatched.map(|at| (at, "dispatched_at")));
    own.extend(closed.map(|at| (at, "closed_at")));
    own.extend(
        last.into_iter()
            .flat_map(|at| [(at, "status"), (at, "agency")]),
    );
    own.sort_unstable();
    let mut own = own.into_iter().peekable();
    let mut say = |state: &mut Values, until: i64| {
        while let Some((_, name)) = own.next_if(|&(at, _)| at <= until) {
            match told.get(name) {
                Some(value) if !value.is_null() => state.insert(name, value.clone()),
                _ => None,
            };
        }
    };
    for step in steps {
        say(&mut state, step.at);
        apply(&mut state, step);
    }
    say(&mut state, i64::MAX);
    // A closing before the request is a clock's mistake.
    let requested = state
        .get("requested_at")
        .and_then(Value::as_i64)
        .unwrap_or(requested);
    let closed = state.get("closed_at").and_then(Value::as_i64);
    if closed.is_some_and(|closed| closed < requested) {
        state.insert("closed_at", Value::Null);
    }
    state
}

fn apply(state: &mut Values, step: &Step) {
    let word = match step.event {
        EventKind::Extended | EventKind::Corrected => None,
        EventKind::CalledBack if state.get("closed_at").is_some_and(|at| !at.is_null()) => None,
        event => Some(event.as_str()),
    };
    if let Some(word) = word {
        state.insert("status", Value::from(word));
    }
    match step.event {
        EventKind::Dispatched => {
            state.insert("dispatched_at", Value::from(step.at));
        }
        EventKind::Closed => {
            state.insert("closed_at", Value::from(step.at));
        }
        EventKind::Reopened => {
            state.insert("closed_at", Value::Null);
        }
        _ => {}
    }
    for (&name, value) in &step.changes {
        state.insert(name, value.clone());
    }
}

#[cfg(test)]
mod tests;
