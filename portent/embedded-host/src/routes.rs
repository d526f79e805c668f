//! Which component answers a path, as Spin decides it: exact routes first, then the longest prefix.

use hyper::Uri;
use hyper::header::HeaderValue;

use super::manifest::{Manifest, ManifestError};

/// Paths under this belong to the host.
pub(crate) const WELL_KNOWN: &str = "/.well-known/spin/";

/// The public routes of an application.
#[derive(Debug)]
pub(crate) struct Routes {
    /// Exact before wildcard, long before short: the first match is the best.
    routes: Vec<Route>,
}

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
    pub(crate) fn of(manifest: &Manifest) -> Result<Self, ManifestError> {
        let mut routes: Vec<Route> = Vec::new();
        for (index, trigger) in manifest.triggers.iter().enumerate() {
            let Some(path) = &trigger.route else { continue };
            let invalid = |rule: &str| ManifestError::invalid(format!("trigger.http[{index}].route"), rule);
            let route = Route::parse(path, &trigger.component).map_err(invalid)?;
            if routes.iter().any(|other| other.prefix == route.prefix && other.wildcard == route.wildcard) {
                return Err(invalid("another trigger has the same route"));
            }
            routes.push(route);
        }
        routes.sort_by_key(|route| (route.wildcard, std::cmp::Reverse(route.prefix.len())));
        Ok(Self { routes })
    }

    /// The best match for a path, with the part that the wildcard stands for.
    pub(crate) fn find<'p>(&self, path: &'p str) -> Option<(&Route, &'p str)> {
        self.routes.iter().find_map(|route| Some((route, route.rest_of(path)?)))
    }

    /// The public routes, best match first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Route> {
        self.routes.iter()
    }
}

impl Route {
    /// A path below this route, if it leads to that component.
    pub(crate) fn target(&self, component: &str, path: &str) -> Option<Uri> {
        let base = self.base.to_str().ok().filter(|_| self.wildcard && self.component == component)?;
        format!("{}{path}", base.trim_end_matches('/')).parse().ok()
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

    /// What follows the prefix, with its slash; `None` if the route does not match.
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
        let manifest = Manifest::parse(&text, Path::new("/")).map_err(|error| error.to_string())?;
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
