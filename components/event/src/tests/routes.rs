//! Paths and the routes that they lead to.

use crate::{ROUTES, Route, find_route};

#[track_caller]
fn check(path: &str, route: Route, model: Option<&str>, version: Option<&str>) {
    let found = find_route(path).unwrap();
    assert_eq!((found.info.route, found.model, found.version), (route, model, version), "{path}");
}

#[test]
fn every_route_is_found_by_its_own_template() {
    for info in ROUTES {
        let path = info.route.as_str().replace("{model}", "m-1.x");
        let found = find_route(&path).unwrap();
        assert_eq!(found.info.route, info.route);
        assert_eq!(found.model.is_some(), info.route.as_str().contains('{'));
    }
    assert_eq!(ROUTES.len() + 1, Route::ALL.len(), "every member but `other` is listed once");
}

#[test]
fn models_and_versions_are_taken_from_the_path() {
    check("/v2/models/m/versions/1/ready", Route::V2ModelReady, Some("m"), Some("1"));
    check("/v2/models/m/versions/1", Route::V2Model, Some("m"), Some("1"));
    check("/v2/models/stats", Route::V2AllStats, None, None);
    check("/v2/models/stats/stats", Route::V2Stats, Some("stats"), None);
    check("/v1/models/m:predict", Route::V1Predict, Some("m"), None);
    check("/v1/models/m", Route::V1Model, Some("m"), None);
}

#[test]
fn what_no_template_covers_is_not_found() {
    let paths = [
        "",
        "/predict/",
        "/v2/",
        "/v2/models/",
        "/v2/models//infer",
        "/v2/models/a/b/infer",
        "/v1/models/a/versions/1:predict",
        "/v2/models/m/versions//infer",
        "/v1/models/:predict",
        "/v2/repository/models/m/versions/1/load",
        "/v1/models/m:explain",
        "other",
    ];
    for path in paths {
        assert!(find_route(path).is_none(), "{path}");
    }
}
