//! Runs the HTTP components of a `spin.toml` on wasmtime, in this process.
//!
//! The host behaves as Spin does if a component can tell the difference: routes, headers, files, variables and
//! `allowed_outbound_hosts`. It refuses by name what it does not have: other triggers, key-value stores, databases,
//! service chaining, outbound TLS. Unlike Spin it reuses the instances of WASI 0.2 components, it bounds everything
//! ([`Options`]), and it passes events that components print to an [`EventSink`] in memory.
//!
//! It starts no listener: [`Host::handle`] is the handler of an HTTP server.
//!
//! Read in this order: [`Host`], then `component`, `p2`, `p3`.

mod options;

mod component;
mod load_context;
mod p2;
mod p3;

mod exchange;
mod permissions;
mod state;

mod error_response;
mod files;
mod outbound;
mod request_body;
mod response_body;
mod routes;
mod scorer;
mod spin_variables;
mod stdio;

mod engine;
mod manifest;
mod variables;

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Body;
use hyper::header::HeaderValue;
use hyper::{Request, Response, StatusCode};
use portent_event::{Method, Route, find_route};
use tokio::time::{interval, timeout};

use component::Component;
use error_response::ErrorResponse;
use exchange::{Context, Exchange};
use load_context::LoadContext;
use manifest::Manifest;
use routes::Routes;
use variables::Variables;

pub use options::{EventSink, Failure, HostError, Options};
pub use response_body::{BrokenOff, ResponseBody};

/// The path at which a component describes its model.
const PROFILE: &str = "/model/profile";

/// Most bytes of such a description: 256 features with long names take a tenth of it.
const PROFILE_BYTES: usize = 1 << 20;

/// Shortest pause between two searches for instances that have been idle for too long.
const SWEEP: Duration = Duration::from_millis(100);

/// A running application.
#[derive(Clone)]
pub struct Host(Arc<Application>);

struct Application {
    name: Arc<str>,
    version: String,
    routes: Routes,
    /// The components that a public route leads to.
    components: BTreeMap<String, Component>,
    /// The `app` label of requests that reach no component: of the only component, or else the manifest's name.
    app: Arc<str>,
    context: Arc<Context>,
}

impl Host {
    /// Reads a manifest and makes its components ready. `environment` gives `SPIN_VARIABLE_*`.
    ///
    /// This compiles components that are not in the cache, which takes seconds. Call it outside of the server's tasks.
    ///
    /// # Errors
    /// [`HostError`] names the key, variable, file or import at fault.
    pub fn load(
        manifest: &Path,
        options: Options,
        environment: impl Fn(&str) -> Option<String>,
        sink: Arc<dyn EventSink>,
    ) -> Result<Self, HostError> {
        let manifest = Manifest::read(manifest)?;
        let variables = Variables::resolve(&manifest, &options.variables, environment)?;
        let routes = Routes::of(&manifest)?;
        let context = Arc::new(Context::new(options, sink));
        let load = LoadContext::new(&manifest, &variables, &context);
        let is_reachable = |id: &str| routes.iter().any(|route| route.component == id);
        let reachable = manifest.components.iter().filter(|(id, _)| is_reachable(id));
        let components = reachable.map(|(id, spec)| Ok((id.clone(), Component::load(id, spec, &load)?)));
        let components = components.collect::<Result<BTreeMap<_, _>, HostError>>()?;
        let name: Arc<str> = Arc::from(manifest.application.name.as_str());
        let mut apps = components.values().map(|component| &component.app);
        let app = match (apps.next(), apps.next()) {
            (Some(only), None) => Arc::clone(only),
            _ => Arc::clone(&name),
        };
        let version = manifest.application.version;
        Ok(Self(Arc::new(Application { name, version, routes, components, app, context })))
    }

    /// Answers one request. If components are to learn the client's address, it is a `SocketAddr` in the extensions.
    pub async fn handle<B>(&self, request: Request<B>) -> Response<ResponseBody>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Error + Send + Sync + 'static,
    {
        let begun = Instant::now();
        let path = request.uri().path();
        if let Some(name) = path.strip_prefix(routes::WELL_KNOWN) {
            return self.well_known(name);
        }
        let found = self.0.routes.find(path);
        let component = found.and_then(|(route, _)| self.0.components.get(&route.component));
        let template = found.and_then(|(_, rest)| find_route(if rest.is_empty() { "/" } else { rest }));
        let path_info = found.and_then(|(_, rest)| HeaderValue::from_str(rest).ok());
        let exchange = Exchange {
            context: Arc::clone(&self.0.context),
            app: Arc::clone(component.map_or(&self.0.app, |component| &component.app)),
            method: Method::from_text(request.method().as_str()).unwrap_or(Method::Other),
            route: template.map_or(Route::Unmatched, |found| found.info.route),
            begun,
        };
        let route = found.map(|(route, _)| route);
        let served = match (route, component, path_info) {
            (Some(route), Some(component), Some(path_info)) => {
                let (mut head, body) = request.into_parts();
                match route.set_headers(&mut head, path_info) {
                    Ok(()) => component.serve(&exchange, Request::from_parts(head, body)).await,
                    Err(error) => Err(error),
                }
            }
            _ => Err(ErrorResponse::NoRoute),
        };
        served.unwrap_or_else(|error| {
            exchange.report(error.error_type(), error.status(), false);
            error.into_response()
        })
    }

    /// Asks each composed component once for the description of its model, as a client would, if a public route leads
    /// to it. Returns the descriptions with the applications.
    pub async fn profiles(&self) -> Vec<(Arc<str>, Bytes)> {
        let mut profiles = Vec::new();
        for (id, component) in self.0.components.iter().filter(|(_, component)| component.has_scorer) {
            let mut routes = self.0.routes.iter();
            let Some(target) = routes.find_map(|route| route.target(id, PROFILE)) else { continue };
            let mut request = Request::new(Empty::<Bytes>::new());
            *request.uri_mut() = target;
            let (head, body) = self.handle(request).await.into_parts();
            match Limited::new(body, PROFILE_BYTES).collect().await {
                Ok(body) if head.status == StatusCode::OK => {
                    profiles.push((Arc::clone(&component.app), body.to_bytes()));
                }
                _ => tracing::warn!(
                    component = id,
                    status = head.status.as_u16(),
                    "the scorer does not describe itself"
                ),
            }
        }
        profiles
    }

    /// Drops instances that have been idle for too long. Ends when the future is dropped.
    pub async fn sweep(&self) {
        let pause = (self.0.context.options.idle_instance_timeout / 2).max(SWEEP);
        let mut ticks = interval(pause);
        loop {
            ticks.tick().await;
            self.0.components.values().for_each(Component::sweep);
        }
    }

    /// Waits until no component works after its response any more, for `limit` at most.
    pub async fn drain(&self, limit: Duration) {
        let tasks = &self.0.context.after_response;
        tasks.close();
        if timeout(limit, tasks.wait()).await.is_err() {
            tracing::warn!(components = tasks.len(), "drain limit reached, components still at work");
        }
    }

    /// The public routes and the components that answer them, best match first.
    pub fn routes(&self) -> impl Iterator<Item = (&str, &str)> {
        let routes = self.0.routes.iter();
        routes.map(|route| (route.raw.to_str().unwrap_or_default(), route.component.as_str()))
    }

    fn well_known(&self, name: &str) -> Response<ResponseBody> {
        match name {
            "health" => Response::new(Bytes::from_static(b"OK").into()),
            "info" => {
                let info = serde_json::json!({ "name": *self.0.name, "version": self.0.version });
                error_response::json(StatusCode::OK, &info)
            }
            _ => ErrorResponse::NoRoute.into_response(),
        }
    }
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("name", &self.0.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
