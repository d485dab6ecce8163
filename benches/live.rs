//! What live costs: `live fold` measures counting and rules in this process; `live serve` a server from outside, with senders and
//! stream clients on the same machine, `live tiles` tiles with values over the history of a state directory. One line a figure; everything is bounded in count and time.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::format_push_string,
    reason = "a measuring program prints rounded figures, and ends at the first failure"
)]

use std::path::Path;

#[path = "live/fold.rs"]
mod fold;
#[path = "live/serve.rs"]
mod serve;

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("fold") => fold::measure(),
        Some("serve") => serve::measure(),
        Some("tiles") => {
            let state = std::env::args().nth(2).expect("a state directory");
            serve::tiles(Path::new(&state));
        }
        _ => println!("usage: live fold | serve | tiles STATE_DIR"),
    }
}

/// The value below which a share of the values lies.
fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place in a list"
    )]
    let at = (last as f64 * share).round() as usize;
    values.get(at).copied().unwrap_or(f64::NAN)
}
