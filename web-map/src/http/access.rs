//! Who may do what: every route, and the roles that it is open to.
//!
//! The one table. A route that it does not name is open to `admin` alone, and a test holds it to name all that the API's document has.

use axum::http::Method;
use citybrain_store::Role;

use Role::{Admin, Integrator, Operator, Planner, Public};

/// Whom a route is open to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everybody, without a key.
    Open,
    /// Keys of these roles.
    Roles(&'static [Role]),
}

impl Access {
    /// Whom `method` on `path` is open to. `path` is a route's pattern, or a path.
    pub(crate) fn of(method: &Method, path: &str) -> Self {
        let reads = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
        row(reads, path).map_or(Self::Roles(ADMIN), |(_, _, access)| *access)
    }

    /// Does the table name the route?
    #[cfg(test)]
    pub(crate) fn is_told(reads: bool, path: &str) -> bool {
        row(reads, path).is_some()
    }

    /// May a key of `role` pass?
    pub(crate) fn allows(self, role: Role) -> bool {
        match self {
            Self::Open => true,
            Self::Roles(roles) => roles.contains(&role),
        }
    }
}

type Line = (bool, &'static str, Access);

fn row(reads: bool, path: &str) -> Option<&'static Line> {
    TABLE.iter().find(|(reading, pattern, _)| {
        *reading == reads
            && match pattern.strip_suffix('*') {
                Some(before) => path.starts_with(before),
                None => path == *pattern,
            }
    })
}

const READ: bool = true;
const WRITE: bool = false;
/// Sums, without anybody's words.
const SUMS: Access = Access::Roles(&[Public, Operator, Planner, Admin]);
/// What people work with.
const DESK: Access = Access::Roles(&[Operator, Planner, Admin]);
/// What changes how the city is watched.
const ACT: Access = Access::Roles(&[Operator, Planner, Admin]);
/// Questions of one's own.
const ASK: Access = Access::Roles(&[Planner, Admin]);
/// Records come in.
const FEED: Access = Access::Roles(&[Integrator, Admin]);
/// How feeds are.
const HEALTH: Access = Access::Roles(&[Operator, Planner, Integrator, Admin]);
/// What the operator of the server sees.
const WATCH: Access = Access::Roles(&[Operator, Admin]);
const ADMIN: &[Role] = &[Admin];

/// Every route: reading or writing, its pattern (`*` at the end: all that begin so), whom it is open to. The first line that fits
/// counts.
const TABLE: &[Line] = &[
    (READ, "/healthz", Access::Open),
    (READ, "/readyz", Access::Open),
    (READ, "/openapi.json", Access::Open),
    (READ, "/docs*", Access::Open),
    (READ, "/signin", Access::Open),
    (WRITE, "/v1/session", Access::Open),
    (READ, "/v1/session", Access::Open),
    (WRITE, "/v1/session/end", Access::Open),
    (READ, "/metrics", WATCH),
    (READ, "/v1/city", SUMS),
    (READ, "/v1/cells", SUMS),
    (READ, "/v1/areas", SUMS),
    // Parts of cells are too small for counts that all are told.
    (READ, "/v1/aligned", DESK),
    (READ, "/v1/series", SUMS),
    (READ, "/v1/breakdown", SUMS),
    (READ, "/v1/live", SUMS),
    (READ, "/tiles/*", SUMS),
    (READ, "/basemap.pmtiles", SUMS),
    (READ, "/v1/freshness", HEALTH),
    (READ, "/v1/complaints*", DESK),
    (READ, "/v1/search", DESK),
    (READ, "/v1/sensors*", DESK),
    (READ, "/v1/backtest", DESK),
    (READ, "/v1/bursts", DESK),
    (READ, "/v1/clusters", DESK),
    (READ, "/v1/emerging-hotspots", DESK),
    (READ, "/v1/forecast", DESK),
    (READ, "/v1/global-moran", DESK),
    (READ, "/v1/hotspots", DESK),
    (READ, "/v1/leading-sensors", DESK),
    (READ, "/v1/local-moran", DESK),
    (READ, "/v1/periodic-issues", DESK),
    (READ, "/v1/alerts*", DESK),
    (WRITE, "/v1/alerts*", ACT),
    (READ, "/v1/rules*", DESK),
    (WRITE, "/v1/rules*", ACT),
    // An address that is called may hold a secret of whoever is told.
    (READ, "/v1/webhooks*", Access::Roles(ADMIN)),
    (WRITE, "/v1/webhooks*", Access::Roles(ADMIN)),
    (READ, "/v1/deliveries*", Access::Roles(ADMIN)),
    (WRITE, "/v1/deliveries*", Access::Roles(ADMIN)),
    (READ, "/v1/imports", DESK),
    (READ, "/v1/snapshot.png", DESK),
    (READ, "/v1/bulletin", DESK),
    (WRITE, "/v1/sql", ASK),
    (WRITE, "/v1/complaints", FEED),
    // A citizen's right: a complaint goes for good.
    (WRITE, "/v1/complaints/*", Access::Roles(ADMIN)),
    (WRITE, "/v1/complaint-events", FEED),
    (WRITE, "/v1/observations", FEED),
    (READ, "/v1/feeds*", HEALTH),
    (READ, "/v1/rejected*", HEALTH),
    (WRITE, "/v1/rejected/replay", FEED),
    (READ, "/v1/audit", Access::Roles(ADMIN)),
    (READ, "/v1/keys*", Access::Roles(ADMIN)),
    (WRITE, "/v1/keys*", Access::Roles(ADMIN)),
    // A SensorThings client looks up its own entities while it writes.
    (READ, "/sta/*", HEALTH),
    (WRITE, "/sta/*", FEED),
    (READ, "/open311/v2/requests*", HEALTH),
    (READ, "/open311/*", Access::Open),
    (WRITE, "/open311/*", FEED),
];

#[cfg(test)]
mod tests;
