//! Paths and methods to routes.

use portent_event::{Method, Route, RouteInfo, RouteMatch, find_route};

use crate::exchange::Request;
use crate::outcome::Outcome;
use crate::refusal::Refusal;

/// Header in which the host names the path under which it has mounted the component.
const COMPONENT_ROUTE: &str = "spin-component-route";

/// The next step for a request.
#[derive(Debug)]
pub(crate) enum Routed<'p> {
    /// Do the work of this route.
    Work(RouteMatch<'p>),
    /// Answer this.
    Answer(Route, Result<Outcome, Refusal<'static>>),
}

/// The path under which the component is mounted, without a slash at its end. The path of the request begins with it.
pub(crate) fn base_path<'a>(request: &Request<'a>) -> &'a str {
    let base = request.header(COMPONENT_ROUTE).unwrap_or_default().trim_end_matches('/');
    let rest = request.path().strip_prefix(base);
    if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) { base } else { "" }
}

/// Finds the route of a path below the base and checks the method. `HEAD` is `GET` without the body. A known path with
/// a slash too many is redirected, as the service that this replaces did.
pub(crate) fn route<'p>(path: &'p str, method: Method, request: &Request<'_>, base: &str) -> Routed<'p> {
    let trimmed = path.trim_end_matches('/');
    // The protocol's own document writes /v2 both ways.
    let (path, is_exact) = match path {
        "" | "/" => ("/", true),
        "/v2/" => (trimmed, true),
        path => (trimmed, trimmed == path),
    };
    let Some(found) = find_route(path) else {
        return Routed::Answer(Route::Unmatched, Err(Refusal::not_found()));
    };
    if !is_exact {
        let query = request.path_with_query.split_once('?').map(|(_, query)| format!("?{query}"));
        let location = format!("{base}{path}{}", query.unwrap_or_default());
        return Routed::Answer(Route::Unmatched, Ok(Outcome::empty(307).with_header("location", location)));
    }
    let info = found.info;
    let asked = if method == Method::Head { Method::Get } else { method };
    if asked == info.method {
        Routed::Work(found)
    } else if method == Method::Options {
        Routed::Answer(info.route, Ok(Outcome::empty(204).with_header("allow", allow(info))))
    } else {
        Routed::Answer(info.route, Err(Refusal::Method(allow(info))))
    }
}

fn allow(info: &RouteInfo) -> &'static str {
    if info.method == Method::Get { "GET, HEAD, OPTIONS" } else { "POST, OPTIONS" }
}
