//! Open311 GeoReport v2: services, requests, tokens, in JSON and XML.
//!
//! A service is a category that complaints have; its code is the category's path. The format is the end of the address, `.json` or
//! `.xml`, else what `Accept` prefers. Names, mail addresses and numbers of a sender are read and dropped, a description is kept
//! masked and never answered.

mod answer;
mod create;
mod discovery;
mod requests;
mod services;

pub(crate) use create::*;
pub(crate) use discovery::*;
pub(crate) use requests::*;
pub(crate) use services::*;

use axum::http::HeaderMap;
use axum::response::Response;

use self::answer::{Form, Open311Error, answered};
use crate::error::HttpError;
use crate::state::AppState;

/// What the gate says to a request, in the form of the answers here.
pub(crate) fn refused(uri: &axum::http::Uri, headers: &HeaderMap, error: HttpError) -> Response {
    answered(form(uri, headers), Err(error.into()))
}

/// The city that a request names, if it names one, must be this one.
fn check_jurisdiction(
    state: &AppState,
    parameters: &[(String, String)],
) -> Result<(), Open311Error> {
    let named = value(parameters, "jurisdiction_id");
    match (&state.config.open311_jurisdiction, named) {
        (Some(own), Some(named)) if own != named => Err(Open311Error::not_found(format!(
            "jurisdiction_id {named} was not found; this server's is {own}"
        ))),
        _ => Ok(()),
    }
}

/// The value of a parameter that is not empty.
fn value<'p>(parameters: &'p [(String, String)], name: &str) -> Option<&'p str> {
    let mut found = parameters.iter().filter(|(key, _)| key == name);
    found.find_map(|(_, value)| Some(value.trim()).filter(|value| !value.is_empty()))
}

/// The last part of an address without its ending, and the format.
fn named(part: &str, headers: &HeaderMap) -> (String, Form) {
    match Form::of_ending(part) {
        Some((name, form)) => (name.to_owned(), form),
        None => (part.to_owned(), Form::of_accept(headers)),
    }
}

/// The format of an address whose last part is a fixed name.
fn form(uri: &axum::http::Uri, headers: &HeaderMap) -> Form {
    Form::of_ending(uri.path()).map_or_else(|| Form::of_accept(headers), |(_, form)| form)
}
