//! The embedded host: runs the HTTP components of a `spin.toml` on wasmtime, in this process.
//!
//! It mirrors Spin where a component can tell the difference (routes, headers, files, variables,
//! `allowed_outbound_hosts`) and refuses by name what it does not have (other triggers, key-value stores,
//! databases, service chaining, outbound TLS). Unlike Spin it keeps the instance of a WASI 0.2 component for
//! its next requests, bounds everything ([`Options`]), and hands what components print to an [`EventSink`]
//! without a file between.
//!
//! Read in this order: [`Host`], then `exchange`, `instance`, `component`.

mod options;
mod sink;

mod exchange;
mod p3;

mod answer_body;
mod gate;
mod headers;
mod instance;
mod lines;
mod outbound;
mod pool;
mod refusal;
mod request_body;
mod scorer;
mod spin_variables;

mod component;
mod engine;
mod error;
mod files;
mod grants;
mod kind;
mod manifest;
mod routes;
mod variables;

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Body;
use hyper::header::HeaderValue;
use hyper::{Request, Response, StatusCode};
use portent_event::{Method, Route, find_route};
use tokio::sync::Semaphore;
use tokio::time::{interval, timeout};
use tokio_util::task::TaskTracker;

use component::{Component, Ground};
use exchange::Exchange;
use gate::Gate;
use grants::Means;
use manifest::Manifest;
use outbound::Client;
use refusal::Refusal;
use request_body::BodyMemory;
use routes::Routes;
use variables::Variables;

pub use answer_body::{AnswerBody, BrokenOff};
pub use error::HostError;
pub use files::FilesError;
pub use manifest::ManifestError;
pub use options::Options;
pub use outbound::Neighbour;
pub use sink::{EventSink, Failure};
pub use variables::VariableError;

/// Where a component says what the aggregator needs to know of its model.
const PROFILE: &str = "/model/profile";

/// Most bytes of such an answer: 256 features with long names take a tenth of it.
const PROFILE_BYTES: usize = 1 << 20;

/// Shortest pause between two looks for instances that have been idle for too long.
const SWEEP: Duration = Duration::from_millis(100);

/// A running application.
#[derive(Clone)]
pub struct Host(Arc<Shared>);

struct Shared {
    options: Options,
    name: String,
    version: String,
    routes: Routes,
    components: BTreeMap<String, Arc<Component>>,
    gate: Gate,
    body_memory: BodyMemory,
    after: Arc<AfterAnswer>,
    sink: Arc<dyn EventSink>,
}

/// Components that go on after the head of their answer.
pub(crate) struct AfterAnswer {
    tasks: TaskTracker,
    places: Arc<Semaphore>,
}

impl Host {
    /// Reads a manifest and makes its components ready. `environment` gives `SPIN_VARIABLE_*`.
    ///
    /// Compiles what the cache does not hold, which takes seconds; call it outside of the server's tasks.
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
        let after = Arc::new(AfterAnswer {
            tasks: TaskTracker::new(),
            places: Arc::new(Semaphore::new(options.after_answer)),
        });
        let components = load_components(&manifest, &routes, &variables, &options, &sink, &after)?;
        Ok(Self(Arc::new(Shared {
            name: manifest.name,
            version: manifest.version,
            routes,
            components,
            gate: Gate::new(&options),
            body_memory: BodyMemory::new(options.all_body_bytes),
            after,
            sink,
            options,
        })))
    }

    /// Answers one request. The client's address, if it is to be told, is a `SocketAddr` in the extensions.
    pub async fn handle<B>(&self, request: Request<B>) -> Response<AnswerBody>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: std::error::Error,
    {
        let begun = Instant::now();
        let path = request.uri().path();
        if let Some(name) = path.strip_prefix(routes::WELL_KNOWN) {
            return self.well_known(name);
        }
        let method = Method::from_text(request.method().as_str()).unwrap_or(Method::Other);
        let Some((route, rest)) = self.0.routes.find(path) else {
            return self.refuse(Refusal::NoRoute, method, Route::Unmatched, begun);
        };
        let template = find_route(if rest.is_empty() { "/" } else { rest });
        let template = template.map_or(Route::Unmatched, |found| found.info.route);
        let path_info = HeaderValue::from_str(rest).ok();
        let component = self.0.components.get(&route.component);
        let (Some(component), Some(path_info)) = (component, path_info) else {
            return self.refuse(Refusal::NoRoute, method, template, begun);
        };
        let (mut head, body) = request.into_parts();
        if let Err(refusal) = headers::prepare(&mut head, route, &path_info) {
            return self.refuse(refusal, method, template, begun);
        }
        let (shared, component) = (Arc::clone(&self.0), Arc::clone(component));
        let exchange = Exchange { shared, component, method, route: template, begun };
        exchange.answer(Request::from_parts(head, body)).await
    }

    /// What composed components say of their models at `/model/profile`, where a public route leads to it, each with its
    /// application: the host asks each once, as a client would.
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

    /// Drops instances that have been idle for too long; ends when the future is dropped.
    pub async fn sweep(&self) {
        let pause = (self.0.options.idle_instance_timeout / 2).max(SWEEP);
        let mut ticks = interval(pause);
        loop {
            ticks.tick().await;
            self.0.components.values().for_each(|component| component.sweep());
        }
    }

    /// Waits until no component works after its answer any more, at most for so long.
    pub async fn drain(&self, limit: Duration) {
        let tasks = &self.0.after.tasks;
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

    fn well_known(&self, name: &str) -> Response<AnswerBody> {
        match name {
            "health" => Response::new(AnswerBody::from_bytes(Bytes::from_static(b"OK"))),
            "info" => {
                let info = serde_json::json!({ "name": self.0.name, "version": self.0.version });
                refusal::json(StatusCode::OK, &info)
            }
            _ => Refusal::NoRoute.into_response(),
        }
    }

    /// Answers a request that reached no component: it counts for the only one there is, or for the manifest's
    /// name where there are several.
    fn refuse(&self, refusal: Refusal, method: Method, route: Route, begun: Instant) -> Response<AnswerBody> {
        let mut components = self.0.components.values();
        let app = match (components.next(), components.next()) {
            (Some(only), None) => &only.app,
            _ => &*self.0.name,
        };
        self.0.sink.failed(&Failure {
            app,
            method,
            route,
            status: refusal.status().as_u16(),
            error: refusal.error_type(),
            duration: begun.elapsed(),
            reported: false,
        });
        refusal.into_response()
    }
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("name", &self.0.name).finish_non_exhaustive()
    }
}

/// Makes the components ready that can be reached.
fn load_components(
    manifest: &Manifest,
    routes: &Routes,
    variables: &Variables,
    options: &Options,
    sink: &Arc<dyn EventSink>,
    after: &Arc<AfterAnswer>,
) -> Result<BTreeMap<String, Arc<Component>>, HostError> {
    let memory = options.instance_memory;
    let ground = Ground {
        means: Means {
            root: &manifest.root,
            client: &Client::new(options.neighbour.clone()),
            variables,
            sink,
            memory,
        },
        options,
        after,
        components: manifest.components.len(),
        linkers: [const { OnceCell::new() }; 2],
        templates: RefCell::default(),
    };
    let is_reachable = |id: &str| routes.iter().any(|route| route.component == id);
    let reachable = manifest.components.iter().filter(|(id, _)| is_reachable(id));
    reachable.map(|(id, spec)| Ok((id.clone(), Arc::new(Component::load(id, spec, &ground)?)))).collect()
}

#[cfg(test)]
pub(crate) mod tests;
