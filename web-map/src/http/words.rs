//! What the role `operator` is not told: citizens' own words. Names and phones are masked before the journal already; a text may hold
//! more than a mask finds.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use serde_json::Value;

use super::public::changed_json;

/// Lets a request for complaints through and takes the words out of the answer.
pub(super) async fn answer_without(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if !response.status().is_success() {
        return response;
    }
    changed_json(response, take_words).await
}

/// Words become null wherever they are; a step's `fields` too, for they may change the words.
fn take_words(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if matches!(name.as_str(), "text" | "fields" | "reason") {
                    *member = Value::Null;
                } else {
                    take_words(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(take_words),
        _ => {}
    }
}
