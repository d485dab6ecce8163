//! The parameters of an address: each route takes its own, the rest are the filter's, and what is left is unknown.

use std::convert::Infallible;
use std::fmt::Display;
use std::str::FromStr;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;

use crate::error::HttpError;

/// The parameters of one request, in order; a name may come more than once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Params(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // Any text splits into pairs, so an address that cannot be read has none.
        Ok(Self(
            Query::try_from_uri(&parts.uri).map_or_else(|_| Vec::new(), |Query(pairs)| pairs),
        ))
    }
}

impl Params {
    /// Parameters that come from elsewhere than an address.
    pub(crate) const fn of(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// Is the parameter there and not taken yet?
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// Takes the parameter `name` as text.
    ///
    /// # Errors
    /// When it is there more than once.
    pub(crate) fn text(&mut self, name: &'static str) -> Result<Option<String>, HttpError> {
        let mut found = None;
        for (_, value) in self.0.extract_if(.., |(key, _)| key == name) {
            if found.replace(value).is_some() {
                return Err(HttpError::parameter(name, "is given twice"));
            }
        }
        Ok(found)
    }

    /// Takes the parameter `name` as a value.
    ///
    /// # Errors
    /// When it is there more than once, or is no such value.
    pub(crate) fn parsed<T: FromStr<Err: Display>>(
        &mut self,
        name: &'static str,
    ) -> Result<Option<T>, HttpError> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        match text.parse() {
            Ok(value) => Ok(Some(value)),
            Err(error) => {
                let error: T::Err = error;
                let message = error.to_string();
                // Some errors name the value that they are about.
                let message = if message.contains(&text) {
                    message
                } else {
                    format!("\"{text}\": {message}")
                };
                Err(HttpError::parameter(name, message))
            }
        }
    }

    /// Takes a number of items between 1 and `max`.
    ///
    /// # Errors
    /// When it is no such number.
    pub(crate) fn limit(&mut self, default: usize, max: usize) -> Result<usize, HttpError> {
        match self.parsed("limit")? {
            None => Ok(default),
            Some(limit) if (1..=max).contains(&limit) => Ok(limit),
            Some(limit) => Err(HttpError::parameter(
                "limit",
                format!("{limit} is not between 1 and {max}"),
            )),
        }
    }

    /// What nobody took.
    pub(crate) fn rest(self) -> Vec<(String, String)> {
        self.0
    }

    /// Nothing may be left.
    ///
    /// # Errors
    /// Names the first parameter that the route does not know.
    pub(crate) fn finish(self) -> Result<(), HttpError> {
        match self.0.into_iter().next() {
            None => Ok(()),
            Some((name, _)) => Err(HttpError::unknown_parameter(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(pairs: &[(&str, &str)]) -> Params {
        Params(
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    #[test]
    fn a_parameter_is_taken_once() {
        let mut params = params(&[("limit", "7"), ("by", "channel")]);
        assert_eq!(params.limit(50, 100).unwrap(), 7);
        assert_eq!(params.limit(50, 100).unwrap(), 50);
        assert_eq!(params.rest(), [("by".to_owned(), "channel".to_owned())]);
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let error = |result: Result<_, HttpError>| {
            result.map(|_: Option<usize>| ()).unwrap_err().to_string()
        };
        assert!(
            error(params(&[("limit", "0")]).limit(1, 9).map(Some))
                .starts_with("parameter limit: 0 is not")
        );
        assert!(
            error(params(&[("limit", "x")]).parsed("limit"))
                .starts_with("parameter limit: \"x\": ")
        );
        assert!(
            error(params(&[("limit", "1"), ("limit", "2")]).parsed("limit"))
                .ends_with("is given twice")
        );
        assert!(
            error(params(&[("colour", "red")]).finish().map(|()| None))
                .starts_with("parameter colour: is not")
        );
    }
}
