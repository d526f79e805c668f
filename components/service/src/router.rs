//! Paths and methods to routes.

use portent_event::{ErrorType, Method, Route, RouteInfo, RouteMatch, find_route};

use crate::exchange::Request;
use crate::outcome::Outcome;
use crate::refusal::Refusal;

/// Header in which the host says under which path it has mounted the component.
const COMPONENT_ROUTE: &str = "spin-component-route";

/// What is to be done with a request.
#[derive(Debug)]
pub(crate) enum Routed<'p> {
    /// Do the work of this route.
    Work(RouteMatch<'p>),
    /// Answer this.
    Answer(Route, Result<Outcome, Refusal<'static>>),
}

/// The path that the component is mounted under, without a slash at its end: the host says it, and the request's
/// path begins with it.
pub(crate) fn base_path<'a>(request: &Request<'a>) -> &'a str {
    let base = request.header(COMPONENT_ROUTE).unwrap_or_default().trim_end_matches('/');
    let rest = request.path().strip_prefix(base);
    if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) { base } else { "" }
}

/// Finds the route of a path below the base and checks the method. `HEAD` is `GET` whose body is left out later.
pub(crate) fn route<'p>(path: &'p str, method: Method, request: &Request<'_>, base: &str) -> Routed<'p> {
    let path = match path {
        "" => "/",
        // The protocol's own document writes it both ways.
        "/v2/" => "/v2",
        path => path,
    };
    let Some(found) = find_route(path) else {
        return Routed::Answer(Route::Unmatched, unmatched(path, request, base));
    };
    let info = found.info;
    let asked = if method == Method::Head { Method::Get } else { method };
    if asked == info.method {
        Routed::Work(found)
    } else if method == Method::Options {
        Routed::Answer(info.route, Ok(Outcome::empty(204).with_header("allow", allow(info))))
    } else {
        Routed::Answer(info.route, Err(Refusal::method_not_allowed(allow(info))))
    }
}

impl Refusal<'_> {
    /// A 404.
    pub(crate) fn not_found() -> Self {
        Self::new(404, ErrorType::NotFound, "Not Found")
    }
}

/// A known path with a slash too many is redirected, as the service that this replaces did.
fn unmatched(path: &str, request: &Request<'_>, base: &str) -> Result<Outcome, Refusal<'static>> {
    let trimmed = path.trim_end_matches('/');
    if find_route(trimmed).is_none() {
        return Err(Refusal::not_found());
    }
    let query = request.path_with_query.split_once('?').map(|(_, query)| format!("?{query}"));
    Ok(Outcome::empty(307).with_header("location", format!("{base}{trimmed}{}", query.unwrap_or_default())))
}

fn allow(info: &RouteInfo) -> &'static str {
    if info.method == Method::Get { "GET, HEAD, OPTIONS" } else { "POST, OPTIONS" }
}
