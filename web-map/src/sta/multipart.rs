//! `POST /$batch` as `multipart/mixed`: requests as they stand in HTTP, and change sets of them.

use std::fmt::Write as _;

use serde_json::Value;

use super::batch::{dispatch, local};
use super::{Reply, StaError};
use crate::http::gate::Caller;
use crate::state::AppState;

/// Most requests of a batch.
const REQUESTS_MAX: usize = 1_000;
/// The boundary of answers.
const BOUNDARY: &str = "batch_of_answers";
const CHANGES: &str = "changes_of_answers";

/// One part of a batch.
#[derive(Debug, PartialEq)]
enum Part<'b> {
    One(Request<'b>),
    /// Requests that belong together.
    Changes(Vec<Request<'b>>),
}

/// A request within a batch.
#[derive(Debug, PartialEq)]
struct Request<'b> {
    /// Its `Content-ID`, by which later addresses may name what it made.
    id: Option<&'b str>,
    method: &'b str,
    url: &'b str,
    body: &'b str,
}

/// The boundary that a media type names, when it is `multipart/mixed`.
pub(crate) fn boundary(media_type: &str) -> Option<&str> {
    let (kind, parameters) = media_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/mixed") {
        return None;
    }
    parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches('"');
        (name.trim().eq_ignore_ascii_case("boundary") && !value.is_empty()).then_some(value)
    })
}

/// Answers a batch part by part. A change set ends at its first request that cannot be done; what was done before it stays.
pub(crate) async fn answer(
    state: &AppState,
    caller: &Caller,
    base: &str,
    body: &str,
    boundary: &str,
) -> Result<Reply, StaError> {
    let parts = parts(body, boundary)?;
    let count: usize = parts
        .iter()
        .map(|part| match part {
            Part::One(_) => 1,
            Part::Changes(all) => all.len(),
        })
        .sum();
    if count > REQUESTS_MAX {
        return Err(StaError::new(
            413,
            format!("more than {REQUESTS_MAX} requests"),
        ));
    }
    let mut out = String::new();
    let mut made: Vec<(String, String)> = Vec::new();
    for part in parts {
        let _written = write!(out, "--{BOUNDARY}\r\n");
        match part {
            Part::One(request) => {
                let reply = one(state, caller, base, &request, &mut made).await;
                out.push_str(&shown(request.id, reply));
            }
            Part::Changes(requests) => {
                let mut answers = Vec::with_capacity(requests.len());
                let mut failed = None;
                for request in &requests {
                    let reply = one(state, caller, base, request, &mut made).await;
                    if reply.status >= 400 {
                        failed = Some(shown(request.id, reply));
                        break;
                    }
                    answers.push(shown(request.id, reply));
                }
                if let Some(failed) = failed {
                    out.push_str(&failed);
                    continue;
                }
                let _written = write!(
                    out,
                    "Content-Type: multipart/mixed; boundary={CHANGES}\r\n\r\n"
                );
                for answer in answers {
                    let _written = write!(out, "--{CHANGES}\r\n{answer}");
                }
                let _written = write!(out, "--{CHANGES}--\r\n");
            }
        }
    }
    let _written = write!(out, "--{BOUNDARY}--\r\n");
    Ok(Reply::text(
        "multipart/mixed; boundary=batch_of_answers",
        out,
    ))
}

async fn one(
    state: &AppState,
    caller: &Caller,
    base: &str,
    request: &Request<'_>,
    made: &mut Vec<(String, String)>,
) -> Reply {
    let body = match request.body.trim() {
        "" => None,
        text => match serde_json::from_str::<Value>(text) {
            Ok(body) => Some(body),
            Err(error) => return StaError::bad(format!("the body is no JSON: {error}")).into(),
        },
    };
    let url = local(base, request.url);
    let url = match url.strip_prefix('$').and_then(|rest| {
        let (name, rest) = rest
            .split_once('/')
            .map_or((rest, None), |(name, rest)| (name, Some(rest)));
        let (_, path) = made.iter().rev().find(|(id, _)| id == name)?;
        Some(rest.map_or_else(|| path.clone(), |rest| format!("{path}/{rest}")))
    }) {
        Some(named) => named,
        None => url.to_owned(),
    };
    let reply = dispatch(state, caller, base, request.method, &url, body).await;
    if let (Some(id), Some(location)) = (request.id, &reply.location) {
        made.push((id.to_owned(), local(base, location).to_owned()));
    }
    reply
}

/// An answer as a part.
fn shown(id: Option<&str>, reply: Reply) -> String {
    let mut out =
        "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n".to_owned();
    if let Some(id) = id {
        let _written = write!(out, "Content-ID: {id}\r\n");
    }
    let reason = axum::http::StatusCode::from_u16(reply.status).ok();
    let reason = reason
        .and_then(|status| status.canonical_reason())
        .unwrap_or_default();
    let _written = write!(out, "\r\nHTTP/1.1 {} {reason}\r\n", reply.status);
    if let Some(location) = &reply.location {
        let _written = write!(out, "Location: {location}\r\n");
    }
    let (kind, body) = match (reply.text, reply.body) {
        (Some((kind, text)), _) => (kind, text),
        (None, Some(body)) => ("application/json", body.to_string()),
        (None, None) => ("application/json", String::new()),
    };
    let _written = write!(
        out,
        "Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}\r\n",
        body.len()
    );
    out
}

fn parts<'b>(body: &'b str, boundary: &str) -> Result<Vec<Part<'b>>, StaError> {
    pieces(body, boundary)?
        .into_iter()
        .map(|piece| {
            let (head, content) = split_head(piece);
            match header(head, "content-type").and_then(self::boundary) {
                None => request(head, content).map(Part::One),
                Some(inner) => {
                    let requests = pieces(content, inner)?.into_iter().map(|piece| {
                        let (head, content) = split_head(piece);
                        request(head, content)
                    });
                    requests.collect::<Result<_, _>>().map(Part::Changes)
                }
            }
        })
        .collect()
}

/// What stands between lines of the boundary.
fn pieces<'b>(body: &'b str, boundary: &str) -> Result<Vec<&'b str>, StaError> {
    let line = format!("--{boundary}");
    let (mut found, mut rest) = (Vec::new(), body);
    let mut open = false;
    loop {
        let Some(at) = next_line(rest, &line) else {
            return Err(StaError::bad(format!(
                "the batch does not end with --{boundary}--"
            )));
        };
        let (before, after) = rest.split_at(at);
        if open {
            found.push(
                before
                    .strip_suffix('\n')
                    .map_or(before, |text| text.strip_suffix('\r').unwrap_or(text)),
            );
        }
        open = true;
        let after = after.get(line.len()..).unwrap_or_default();
        if after.starts_with("--") {
            return Ok(found);
        }
        rest = after.split_once('\n').map_or("", |(_, rest)| rest);
        if found.len() > REQUESTS_MAX {
            return Err(StaError::new(
                413,
                format!("more than {REQUESTS_MAX} requests"),
            ));
        }
    }
}

/// Where a line begins with `wanted`.
fn next_line(text: &str, wanted: &str) -> Option<usize> {
    if text.starts_with(wanted) {
        return Some(0);
    }
    text.match_indices('\n')
        .map(|(at, _)| at + 1)
        .find(|&at| text.get(at..).is_some_and(|rest| rest.starts_with(wanted)))
}

/// Headers, and what follows the empty line.
fn split_head(piece: &str) -> (&str, &str) {
    if let Some(content) = piece
        .strip_prefix("\r\n")
        .or_else(|| piece.strip_prefix('\n'))
    {
        return ("", content);
    }
    let ends = [
        piece.find("\r\n\r\n").map(|at| (at, 4)),
        piece.find("\n\n").map(|at| (at, 2)),
    ];
    match ends.into_iter().flatten().min() {
        Some((at, long)) => (
            piece.get(..at).unwrap_or_default(),
            piece.get(at + long..).unwrap_or_default(),
        ),
        None => (piece, ""),
    }
}

fn header<'b>(head: &'b str, wanted: &str) -> Option<&'b str> {
    head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim()
            .eq_ignore_ascii_case(wanted)
            .then(|| value.trim())
    })
}

fn request<'b>(head: &'b str, content: &'b str) -> Result<Request<'b>, StaError> {
    let (line, rest) = content.split_once('\n').unwrap_or((content, ""));
    let mut words = line.split_ascii_whitespace();
    let (Some(method), Some(url)) = (words.next(), words.next()) else {
        return Err(StaError::bad("a part of a batch must be an HTTP request"));
    };
    let (_, body) = split_head(rest);
    Ok(Request {
        id: header(head, "content-id"),
        method,
        url,
        body,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_requests_and_change_sets() {
        let body = "--b\r\nContent-Type: application/http\r\n\r\nGET Things(1)?$select=name HTTP/1.1\r\nHost: x\r\n\r\n\r\n\
                    --b\r\nContent-Type: multipart/mixed;boundary=\"c\"\r\n\r\n\
                    --c\r\nContent-Type: application/http\r\nContent-ID: 1\r\n\r\nPOST /sta/v1.1/Things HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{\"a\": 1}\r\n\
                    --c\r\ncontent-id: 2\n\nDELETE $1 HTTP/1.1\n\n--c--\r\n\r\n--b--";
        let found = parts(body, "b").unwrap();
        let one = |id, method, url, body| Request {
            id,
            method,
            url,
            body,
        };
        assert_eq!(
            found,
            [
                Part::One(one(None, "GET", "Things(1)?$select=name", "")),
                Part::Changes(vec![
                    one(Some("1"), "POST", "/sta/v1.1/Things", "{\"a\": 1}"),
                    one(Some("2"), "DELETE", "$1", ""),
                ]),
            ]
        );
        for wrong in ["", "--b\r\n\r\nGET x\r\n", "--b\r\n\r\n\r\n--b--"] {
            assert!(parts(wrong, "b").is_err(), "{wrong:?}");
        }
        assert_eq!(
            boundary("multipart/mixed; charset=utf-8; boundary=\"x y\""),
            Some("x y")
        );
        assert_eq!(boundary("application/json; boundary=x"), None);
    }
}
