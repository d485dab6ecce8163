//! A server on loopback answers only to its own names, so that a foreign web page cannot reach it by pointing its own name at
//! this machine (DNS rebinding).

use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header;
use axum::http::uri::Authority;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::HttpError;

/// The names that a server answers to.
#[derive(Debug, Clone)]
pub(crate) enum Hosts {
    /// Every name: the server is reachable from elsewhere anyway.
    Any,
    /// Loopback addresses, `localhost`, and these.
    Loopback(Arc<[String]>),
}

impl Hosts {
    /// The names for a server that listens on `address`; `names` are those from the settings.
    pub(crate) fn of(address: IpAddr, names: &[String]) -> Self {
        if address.is_loopback() {
            Self::Loopback(names.into())
        } else {
            Self::Any
        }
    }

    /// `host` is a name or address with or without port, as in the `Host` header.
    fn allow(&self, host: &str) -> bool {
        let Self::Loopback(names) = self else {
            return true;
        };
        let Ok(authority) = Authority::from_str(host) else {
            return false;
        };
        let name = authority
            .host()
            .trim_start_matches('[')
            .trim_end_matches(']');
        name.eq_ignore_ascii_case("localhost")
            || name
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback())
            || names.iter().any(|own| own.eq_ignore_ascii_case(name))
    }
}

/// Refuses a request for a host that is not ours.
pub(crate) async fn check(State(hosts): State<Hosts>, request: Request, next: Next) -> Response {
    // A request without the header comes from no browser.
    let Some(host) = request.headers().get(header::HOST) else {
        return next.run(request).await;
    };
    match host.to_str() {
        Ok(host) if hosts.allow(host) => next.run(request).await,
        _ => HttpError::Host(String::from_utf8_lossy(host.as_bytes()).into_owned()).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    #[test]
    fn a_loopback_server_answers_to_its_own_names_only() {
        for address in [
            IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(Ipv6Addr::LOCALHOST),
        ] {
            let hosts = Hosts::of(address, &["wall.city.example".to_owned()]);
            for ours in [
                "localhost:8080",
                "LOCALHOST",
                "127.0.0.1:80",
                "[::1]:8080",
                "127.1.2.3",
                "wall.city.example:1",
            ] {
                assert!(hosts.allow(ours), "{ours}");
            }
            for foreign in [
                "evil.example",
                "localhost.evil.example:8080",
                "10.0.0.1",
                "a b",
                "",
                "127.0.0.1.nip.io",
            ] {
                assert!(!hosts.allow(foreign), "{foreign}");
            }
        }
    }

    #[test]
    fn a_server_that_others_reach_answers_to_every_name() {
        assert!(Hosts::of(IpAddr::V4(Ipv4Addr::UNSPECIFIED), &[]).allow("any.example"));
    }
}
