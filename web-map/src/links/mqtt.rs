//! Links with brokers: their metrics and their lines in the log.

use std::sync::Arc;

use citybrain_ingest::mqtt::{Link, Surroundings, Told};
use citybrain_store::Receipt;

use crate::state::AppState;
use crate::{clock, metrics};

/// Starts a link on the server's tasks.
pub(super) fn start(link: Link, state: &AppState) {
    let (sta, control, engine) = (
        Arc::clone(&state.sta),
        state.control.clone(),
        Arc::clone(&state.engine),
    );
    let (sta_too, control_too, engine_too) =
        (Arc::clone(&sta), control.clone(), Arc::clone(&engine));
    let surroundings = Surroundings {
        writer: state.engine.writer().clone(),
        context: super::context(state),
        now: clock::now,
        catalog: Arc::new(move || {
            let (sta, control, engine) = (Arc::clone(&sta), control.clone(), Arc::clone(&engine));
            Box::pin(async move {
                match sta.known(&control, &engine).await {
                    Ok((things, _)) => Some(things.catalog()),
                    Err(error) => {
                        tracing::warn!(%error, "datastreams_not_read");
                        None
                    }
                }
            })
        }),
        post: Arc::new(move |posted, seen| {
            let (sta, control, engine) = (
                Arc::clone(&sta_too),
                control_too.clone(),
                Arc::clone(&engine_too),
            );
            Box::pin(async move {
                sta.take(&control, &engine, posted, &seen)
                    .await
                    .map_err(|error| error.to_string())
            })
        }),
        tell: Arc::new(tell),
        stop: state.stop.clone(),
    };
    metrics::link_connected(link.name(), false);
    state.alerts.add_broker(link.name(), link.publisher());
    state.tasks.spawn(link.run(surroundings));
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
