//! Which component answers a path, and the headers by which it learns how it was reached: both as in Spin.

use std::net::SocketAddr;

use hyper::Uri;
use hyper::header::{CONNECTION, HOST, HeaderName, HeaderValue};
use hyper::http::request::Parts;

use crate::error_response::ErrorResponse;
use crate::manifest::{Manifest, TriggerRoute};
use crate::options::HostError;

/// Paths under this belong to the host.
pub(crate) const WELL_KNOWN: &str = "/.well-known/spin/";

const PATH_INFO: HeaderName = HeaderName::from_static("spin-path-info");
const FULL_URL: HeaderName = HeaderName::from_static("spin-full-url");
const MATCHED_ROUTE: HeaderName = HeaderName::from_static("spin-matched-route");
const BASE_PATH: HeaderName = HeaderName::from_static("spin-base-path");
const RAW_COMPONENT_ROUTE: HeaderName = HeaderName::from_static("spin-raw-component-route");
const COMPONENT_ROUTE: HeaderName = HeaderName::from_static("spin-component-route");
const CLIENT_ADDR: HeaderName = HeaderName::from_static("spin-client-addr");

/// The public routes of an application. Exact before wildcard, long before short: the first match is the best.
#[derive(Debug)]
pub(crate) struct Routes(Vec<Route>);

/// One public route.
#[derive(Debug)]
pub(crate) struct Route {
    /// The path without surrounding slashes and without the wildcard.
    prefix: String,
    wildcard: bool,
    /// Id of the component that answers.
    pub(crate) component: String,
    /// The route as written in the manifest, for the request's headers.
    pub(crate) raw: HeaderValue,
    /// The same without the wildcard.
    pub(crate) base: HeaderValue,
}

impl Routes {
    pub(crate) fn of(manifest: &Manifest) -> Result<Self, HostError> {
        let mut routes: Vec<Route> = Vec::new();
        for (index, trigger) in manifest.trigger.http.iter().enumerate() {
            let TriggerRoute::Path(path) = &trigger.route else { continue };
            let invalid = |rule: &str| HostError::invalid(format!("trigger.http[{index}].route"), rule);
            let route = Route::parse(path, &trigger.component).map_err(invalid)?;
            if routes.iter().any(|other| other.prefix == route.prefix && other.wildcard == route.wildcard) {
                return Err(invalid("another trigger has the same route"));
            }
            routes.push(route);
        }
        routes.sort_by_key(|route| (route.wildcard, std::cmp::Reverse(route.prefix.len())));
        Ok(Self(routes))
    }

    /// The best match for a path, with the part that the wildcard matches.
    pub(crate) fn find<'p>(&self, path: &'p str) -> Option<(&Route, &'p str)> {
        self.0.iter().find_map(|route| Some((route, route.rest_of(path)?)))
    }

    /// The public routes, best match first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Route> {
        self.0.iter()
    }
}

impl Route {
    /// A path below this route, if it leads to that component.
    pub(crate) fn target(&self, component: &str, path: &str) -> Option<Uri> {
        let base = self.base.to_str().ok().filter(|_| self.wildcard && self.component == component)?;
        format!("{}{path}", base.trim_end_matches('/')).parse().ok()
    }

    /// Replaces the client's `spin-` headers by the true ones.
    pub(crate) fn set_headers(&self, head: &mut Parts, path_info: HeaderValue) -> Result<(), ErrorResponse> {
        let is_spins = |name: &&HeaderName| name.as_str().starts_with("spin-");
        while let Some(name) = head.headers.keys().find(is_spins).cloned() {
            head.headers.remove(name);
        }
        head.headers.remove(CONNECTION);
        let host = head.headers.entry(HOST).or_insert(HeaderValue::from_static("localhost"));
        let host = host.to_str().map_err(|_| ErrorResponse::BadHost)?;
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
        let url =
            HeaderValue::try_from(format!("http://{host}{target}")).map_err(|_| ErrorResponse::BadHost)?;
        head.headers.insert(FULL_URL, url);
        head.headers.insert(PATH_INFO, path_info);
        head.headers.insert(MATCHED_ROUTE, self.raw.clone());
        head.headers.insert(BASE_PATH, HeaderValue::from_static("/"));
        head.headers.insert(RAW_COMPONENT_ROUTE, self.raw.clone());
        head.headers.insert(COMPONENT_ROUTE, self.base.clone());
        if let Some(peer) = head.extensions.get::<SocketAddr>() {
            let peer = HeaderValue::try_from(peer.to_string()).map_err(|_| ErrorResponse::BadHost)?;
            head.headers.insert(CLIENT_ADDR, peer);
        }
        Ok(())
    }

    fn parse(path: &str, component: &str) -> Result<Self, &'static str> {
        if !path.starts_with('/') {
            return Err("a route begins with '/'");
        }
        if path.starts_with(WELL_KNOWN) {
            return Err("/.well-known/spin/ is the host's own");
        }
        let prefix = path.strip_suffix("/...").or_else(|| path.strip_suffix("/*"));
        let base = prefix.unwrap_or(path);
        if base.contains(['*', '?', '#']) || base.contains("/:") || base.contains("...") {
            return Err("only exact routes and a trailing /... are supported by the embedded host");
        }
        let header = |text: &str| HeaderValue::from_str(text).map_err(|_| "not a path");
        Ok(Self {
            prefix: base.trim_matches('/').to_owned(),
            wildcard: prefix.is_some(),
            component: component.to_owned(),
            raw: header(path)?,
            base: header(base)?,
        })
    }

    /// The path after the prefix, with its slash; `None` if the route does not match.
    fn rest_of<'p>(&self, path: &'p str) -> Option<&'p str> {
        let rest = path.trim_start_matches('/').strip_prefix(self.prefix.as_str())?;
        match (self.wildcard, rest) {
            (false, "" | "/") => Some(""),
            (false, _) => None,
            (true, _) if self.prefix.is_empty() => Some(path),
            (true, "") => Some(""),
            (true, _) => rest.starts_with('/').then_some(rest),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn routes(paths: &[&str]) -> Result<Routes, String> {
        let triggers: Vec<String> =
            paths.iter().map(|path| format!("{{ route = \"{path}\", component = \"c\" }}")).collect();
        let text = format!(
            "spin_manifest_version = 2\napplication.name = \"a\"\ncomponent.c.source = \"c\"\ntrigger.http = [{}]",
            triggers.join(",")
        );
        let manifest = Manifest::parse(&text, Path::new("/spin.toml")).map_err(|error| error.to_string())?;
        Routes::of(&manifest).map_err(|error| error.to_string())
    }

    fn find<'p>(routes: &Routes, path: &'p str) -> Option<(String, &'p str)> {
        routes.find(path).map(|(route, rest)| (route.raw.to_str().unwrap().to_owned(), rest))
    }

    #[test]
    fn exact_before_wildcard_long_before_short() {
        let routes = routes(&["/...", "/a/...", "/a/b", "/a/b/..."]).unwrap();
        let expect = [
            ("/", "/...", "/"),
            ("/x/y", "/...", "/x/y"),
            ("/ab", "/...", "/ab"),
            ("/a", "/a/...", ""),
            ("/a/", "/a/...", "/"),
            ("/a/c/", "/a/...", "/c/"),
            ("/a/b", "/a/b", ""),
            ("/a/b/", "/a/b", ""),
            ("/a/b/c", "/a/b/...", "/c"),
        ];
        for (path, raw, rest) in expect {
            assert_eq!(find(&routes, path), Some((raw.to_owned(), rest)), "{path}");
        }
    }

    #[test]
    fn no_route_no_match() {
        let routes = routes(&["/", "/a"]).unwrap();
        assert!(find(&routes, "/").is_some());
        assert_eq!(find(&routes, "/b"), None);
        assert_eq!(find(&routes, "/ab"), None);
    }

    #[test]
    fn bad_routes_are_refused() {
        for path in ["a", "/a/:id", "/a*b", "/.well-known/spin/x"] {
            assert!(routes(&[path]).is_err(), "{path}");
        }
        assert!(routes(&["/a", "/a"]).unwrap_err().contains("same route"));
    }
}
