//! Links with brokers: their metrics and their lines in the log.

use std::sync::Arc;

use citybrain_ingest::mqtt::{Link, Surroundings, Told};
use citybrain_store::Receipt;

use crate::state::AppState;
use crate::{clock, metrics};

/// Starts a link on the server's tasks.
pub(super) fn start(link: Link, state: &AppState) {
    let surroundings = Surroundings {
        writer: state.engine.writer().clone(),
        context: super::context(state),
        now: clock::now,
        datastream_id: Arc::new(|_source, datastream| quoted(datastream)),
        tell: Arc::new(tell),
        stop: state.stop.clone(),
    };
    metrics::link_connected(link.name(), false);
    state.alerts.add_broker(link.name(), link.publisher());
    state.tasks.spawn(link.run(surroundings));
}

/// An id that is a text, as SensorThings writes it in an address.
fn quoted(id: &str) -> String {
    format!("'{}'", id.replace('\'', "''"))
}

fn tell(link: &str, told: Told<'_>) {
    match told {
        Told::Connected { resumed } => {
            metrics::link_connected(link, true);
            tracing::info!(link, resumed, "mqtt_connected");
        }
        Told::Disconnected { cause } => {
            metrics::link_connected(link, false);
            tracing::warn!(link, cause, "mqtt_disconnected");
        }
        Told::NotSubscribed { at } => tracing::warn!(link, filter = at, "mqtt_not_subscribed"),
        Told::Appended {
            messages,
            echoes,
            receipt,
            refused,
        } => {
            metrics::link_messages(link, "acknowledged", messages as u64);
            metrics::link_messages(link, "echo", echoes as u64);
            metrics::link_messages(link, "refused", refused.len() as u64);
            if let Some((table, receipt)) = receipt {
                let Receipt { duplicate, .. } = receipt;
                metrics::link_messages(link, "duplicate", *duplicate);
                metrics::records(table.as_str(), receipt, refused.len());
            }
        }
        Told::Waiting { cause } => tracing::warn!(link, cause, "mqtt_waiting"),
        Told::Published { observations } => {
            metrics::link_messages(link, "published", observations as u64);
        }
        Told::Missed { batches } => {
            metrics::link_messages(link, "missed", batches);
            tracing::debug!(link, batches, "mqtt_not_published");
        }
    }
}
