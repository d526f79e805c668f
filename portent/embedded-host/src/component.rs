//! A component of the application: compiled once, instantiated as often as needed.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use bytes::Bytes;
use hyper::body::Body;
use hyper::header::EXPECT;
use hyper::{Request, Response};
use tokio::time::timeout_at;
use wasmtime_wasi_http::handler::ProxyPre;

use crate::error_response::ErrorResponse;
use crate::exchange::{Exchange, InFlight, Permit};
use crate::load_context::LoadContext;
use crate::manifest::ComponentSpec;
use crate::options::HostError;
use crate::p2::P2;
use crate::p3::P3;
use crate::permissions::Permissions;
use crate::request_body::RequestBody;
use crate::response_body::ResponseBody;

/// The environment variable in which a component finds the name of its application. The host's own reports use the
/// same name, or else the component's id.
const APP_VARIABLE: &str = "PORTENT_APP";

/// A component that is ready to serve.
pub(crate) struct Component {
    /// The `app` label of what the host reports.
    pub(crate) app: Arc<str>,
    /// It is composed with a component that scores.
    pub(crate) has_scorer: bool,
    in_flight: Arc<AtomicU64>,
    instances: Instances,
}

/// Makes instances of a component and passes requests to them.
enum Instances {
    P2(Arc<P2>),
    P3(P3),
}

impl Component {
    /// Compiles a component and prepares its permissions.
    pub(crate) fn load(id: &str, spec: &ComponentSpec, load: &LoadContext<'_>) -> Result<Self, HostError> {
        let compiled = load.compiled(id, spec)?;
        let has_scorer = compiled.has_scorer;
        let permissions = Permissions::new(id, spec, load, has_scorer)?;
        let app = spec.environment.get(APP_VARIABLE).map_or(id, String::as_str);
        if !portent_event::is_name(app) {
            let rule =
                "PORTENT_APP or the component id is not 1 to 64 characters a-z, A-Z, 0-9, '.', '_', '-'";
            return Err(HostError::invalid(format!("component.{id}"), rule));
        }
        let app: Arc<str> = Arc::from(app);
        let context = Arc::clone(load.context);
        let in_flight = context.sink.in_flight(&app);
        let instances = match &compiled.template {
            ProxyPre::P2(template) => {
                Instances::P2(Arc::new(P2::new(template.clone(), permissions, context)))
            }
            ProxyPre::P3(template) => {
                Instances::P3(P3::new(template.clone(), permissions, context, Arc::clone(&app)))
            }
        };
        Ok(Self { app, has_scorer, in_flight, instances })
    }

    /// Serves one request.
    pub(crate) async fn serve<B>(
        &self,
        exchange: &Exchange,
        request: Request<B>,
    ) -> Result<Response<ResponseBody>, ErrorResponse>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Error + Send + Sync + 'static,
    {
        let in_flight = InFlight::enter(&self.in_flight);
        let request = read_body(exchange, request).await?;
        let permit = Permit { slot: exchange.context.limit.acquire().await?, in_flight };
        match &self.instances {
            Instances::P2(instances) => instances.serve(exchange, request, permit).await,
            Instances::P3(instances) => instances.serve(exchange, request, permit).await,
        }
    }

    /// Drops instances that have been idle for too long.
    pub(crate) fn sweep(&self) {
        if let Instances::P2(instances) = &self.instances {
            instances.sweep();
        }
    }
}

async fn read_body<B>(exchange: &Exchange, request: Request<B>) -> Result<Request<RequestBody>, ErrorResponse>
where
    B: Body<Data = Bytes>,
    B::Error: Error + Send + Sync + 'static,
{
    let (head, body) = request.into_parts();
    let limit = exchange.context.options.body_bytes;
    // A client that waits for `100 Continue` is refused before its first byte.
    if head.headers.contains_key(EXPECT) && body.size_hint().lower() > limit {
        return Err(ErrorResponse::BodyTooLarge);
    }
    let body = timeout_at(exchange.deadline(), exchange.context.body_memory.read(body, limit)).await;
    Ok(Request::from_parts(head, body.map_err(|_| ErrorResponse::BodyTimeout)??))
}
