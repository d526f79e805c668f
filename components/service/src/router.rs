//! Paths and methods to routes.

use std::borrow::Cow;

use portent_event::{ErrorType, Method, Route, RouteInfo, find_route};

use crate::service::Outcome;

/// What is to be done with a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Routed {
    /// Do the work of this route.
    Work(Route),
    /// Answer this.
    Answer(Route, Outcome),
}

/// Finds the route of a path and checks the method. `HEAD` is `GET` whose body is left out later.
pub(crate) fn route(path: &str, method: Method) -> Routed {
    let Some(info) = find_route(path).map(|found| found.info) else {
        return Routed::Answer(Route::Unmatched, unmatched(path));
    };
    let asked = if method == Method::Head { Method::Get } else { method };
    if asked == info.method {
        Routed::Work(info.route)
    } else if method == Method::Options {
        Routed::Answer(info.route, Outcome::empty(204).with_header("allow", allow(info)))
    } else {
        let outcome = Outcome::detail(405, ErrorType::MethodNotAllowed, "Method Not Allowed");
        Routed::Answer(info.route, outcome.with_header("allow", allow(info)))
    }
}

/// A known path with a slash too many is redirected, as the service that this replaces did.
fn unmatched(path: &str) -> Outcome {
    let trimmed = path.trim_end_matches('/');
    match find_route(trimmed) {
        Some(_) => Outcome::empty(307).with_header("location", trimmed.to_owned()),
        None => Outcome::detail(404, ErrorType::NotFound, "Not Found"),
    }
}

fn allow(info: &RouteInfo) -> Cow<'static, str> {
    Cow::Borrowed(if info.method == Method::Get { "GET, HEAD, OPTIONS" } else { "POST, OPTIONS" })
}

#[cfg(test)]
mod tests {
    use portent_event::ROUTES;

    use super::*;

    #[test]
    fn every_listed_route_does_its_work_for_its_method() {
        for info in ROUTES {
            assert_eq!(route(info.route.as_str(), info.method), Routed::Work(info.route));
        }
    }

    #[test]
    fn head_follows_get_only() {
        assert_eq!(route("/health", Method::Head), Routed::Work(Route::Health));
        assert!(matches!(route("/predict", Method::Head), Routed::Answer(Route::Predict, _)));
    }

    #[track_caller]
    fn check(path: &str, method: Method, expected_route: Route, status: u16, header: Option<(&str, &str)>) {
        let Routed::Answer(route, outcome) = route(path, method) else { panic!("{path} would be worked on") };
        assert_eq!((route, outcome.response.status), (expected_route, status));
        let headers: Vec<_> = outcome.response.headers.iter().map(|(k, v)| (*k, v.as_ref())).collect();
        assert!(header.is_none_or(|header| headers.contains(&header)), "{headers:?}");
    }

    #[test]
    fn wrong_methods_and_paths_are_answered() {
        check("/predict", Method::Get, Route::Predict, 405, Some(("allow", "POST, OPTIONS")));
        check("/health", Method::Post, Route::Health, 405, Some(("allow", "GET, HEAD, OPTIONS")));
        check("/predict", Method::Options, Route::Predict, 204, Some(("allow", "POST, OPTIONS")));
        check("/nothing", Method::Get, Route::Unmatched, 404, None);
        check("/health/", Method::Get, Route::Unmatched, 307, Some(("location", "/health")));
        check("//evil.example/", Method::Get, Route::Unmatched, 404, None);
    }
}
