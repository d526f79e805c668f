//! Paths and methods to routes.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
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

/// A path with its escapes decoded, as RFC 3986 §2.1 has it. `None` if an escape is incomplete, or if it stands for a
/// slash, a control character or bytes that are not UTF-8: nothing here has such a name.
pub(crate) fn decoded(path: &str) -> Option<Cow<'_, str>> {
    if !path.contains('%') {
        return Some(Cow::Borrowed(path));
    }
    let is_escape = |rest: &str| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    let text = percent_decode_str(path).decode_utf8().ok()?;
    let has_more_slashes = text.matches('/').count() > path.matches('/').count();
    let is_sound = path.split('%').skip(1).all(is_escape) && !has_more_slashes;
    (is_sound && !text.contains(char::is_control)).then_some(text)
}

/// Finds the route of a path below the base and checks the method. `HEAD` is `GET` without the body. A known path with
/// a slash too many is redirected, as the service that this replaces did.
pub(crate) fn route<'p>(path: &'p str, method: Method, request: &Request<'_>) -> Routed<'p> {
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
        // With its escapes: a header cannot hold every character.
        let location = format!("{}{}", request.path().trim_end_matches('/'), query.unwrap_or_default());
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
