//! Standing questions over the placed stream.
//!
//! A [`LiveView`] holds the answer to one [`Question`] as counts per H3 cell and per area. It starts from counts that were read
//! once, folds in each batch that the store publishes, and says what changed since it was last asked. [`LiveValues`] does the same for
//! the values of sensors.
//!
//! A [`Rule`] says what somebody is told about; [`Rules`] follows the records for all of them, and [`rehearse`] plays one over history.
//!
//! Nothing here reads a clock, a disk or a socket; the caller owns the subscription and decides when changes go out.

mod fast;
mod live_values;
mod live_view;
mod question;
mod rehearsal;
mod rule;
mod rules;
mod sliding;
mod window;

pub use live_values::{ChangedValues, LiveValues};
pub use live_view::{Aligned, AreaCategory, Changes, Counts, Detail, LiveView, Totals};
pub use question::Question;
pub use rehearsal::{Fired, rehearse};
pub use rule::{
    Burst, Clock, Combination, Condition, Crossing, Direction, EarsKind, Every, Fence, Hours,
    Outline, Per, Records, Repeat, Rule, RuleError, Same, Season, Selection, Severity, Silence,
    Span, Statistic, Steps, Threshold, Trend, Value,
};
pub use rules::{Change, Memory, Resume, ResumeState, Rules, Subject, Told};
pub use window::{UnknownWindow, Window};
