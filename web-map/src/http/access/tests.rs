use axum::http::Method;

use super::*;
use crate::app::openapi;

#[test]
fn every_route_of_the_document_is_in_the_table() {
    let document = serde_json::to_value(openapi()).unwrap();
    let mut missing = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            if !Access::is_told(method == "get", path) {
                missing.push(format!("{method} {path}"));
            }
        }
    }
    assert_eq!(missing, [""; 0]);
}

#[test]
fn what_the_table_does_not_name_is_the_admins() {
    for method in [Method::GET, Method::POST, Method::DELETE] {
        let access = Access::of(&method, "/v1/no-such-route");
        for role in Role::ALL {
            assert_eq!(access.allows(role), role == Admin);
        }
    }
}

#[test]
fn an_admin_may_everything_and_the_others_no_more_than_they_are() {
    let may = |role, method, path: &str| Access::of(&method, path).allows(role);
    for (_, path, access) in TABLE {
        assert!(access.allows(Admin), "{path}");
    }
    for (role, method, path, expected) in [
        (Public, Method::GET, "/v1/cells", true),
        (Public, Method::GET, "/v1/complaints/{id}", false),
        (Public, Method::GET, "/v1/hotspots", false),
        (Public, Method::POST, "/v1/sql", false),
        (Public, Method::GET, "/metrics", false),
        (Operator, Method::GET, "/v1/complaints/{id}", true),
        (Operator, Method::POST, "/v1/sql", false),
        (Operator, Method::POST, "/v1/complaints", false),
        (Operator, Method::GET, "/v1/audit", false),
        (Planner, Method::POST, "/v1/sql", true),
        (Planner, Method::POST, "/v1/observations", false),
        (Integrator, Method::POST, "/v1/observations", true),
        (Integrator, Method::GET, "/v1/feeds", true),
        (Integrator, Method::GET, "/v1/cells", false),
        (Integrator, Method::GET, "/v1/complaints", false),
        (Integrator, Method::POST, "/v1/sql", false),
    ] {
        assert_eq!(
            may(role, method.clone(), path),
            expected,
            "{role:?} {method} {path}"
        );
    }
}
