//! One request of a 0.3 component: it joins those of an instance, and its answer leaves.

use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Body as _;
use hyper::header::HOST;
use hyper::http::uri::{Authority, Scheme};
use hyper::{Request, Response, Uri};
use tokio::time::{sleep, timeout, timeout_at};
use wasmtime_wasi_http::WasiBody;
use wasmtime_wasi_http::handler::{ExpirationError, InstantiationError};
use wasmtime_wasi_http::p3::bindings::http::types::ErrorCode;

use super::Handler;
use super::answer::{Beginning, Rest};
use super::life::OpenAnswer;
use super::visit::{Arrival, Visit};
use crate::host::answer_body::AnswerBody;
use crate::host::exchange::{Exchange, LONGEST_HANDOVER, Turn};
use crate::host::refusal::Refusal;
use crate::host::request_body::RequestBody;

/// How long a client waits at most for the reason of a failure.
const REASON: Duration = Duration::from_secs(1);

impl Exchange {
    /// Serves a request that has its turn.
    pub(crate) async fn serve_p3(
        &self,
        handler: &Handler,
        request: Request<RequestBody>,
        turn: Turn,
    ) -> Result<Response<AnswerBody>, Refusal> {
        let Turn { permit, counted: _counted } = turn;
        let task = self.shared.after.tasks.token();
        let (mut visit, arrival) = Visit::begin(permit, (self.method, self.route), task);
        let request = with_origin(request)?.map(BodyExt::boxed_unsync);
        let Ok(handled) = timeout_at(self.deadline(), handler.handle(arrival, request)).await else {
            let refusal = visit.timeout();
            visit.give_up();
            return Err(refusal);
        };
        let response = match handled {
            Ok(response) => response,
            Err(error) => return Err(self.refusal_of(&error, &visit).await),
        };
        self.answer_of(response, visit.answered().map(|life| life.open_answer()), visit).await
    }

    async fn answer_of(
        &self,
        response: Response<WasiBody>,
        answer: Option<OpenAnswer>,
        visit: Visit,
    ) -> Result<Response<AnswerBody>, Refusal> {
        let (head, mut body) = response.into_parts();
        let beginning = Beginning::read(&mut body).await;
        // A component that goes ends its bodies, and those are not the ends that it meant.
        let is_broken = || answer.as_ref().is_some_and(OpenAnswer::is_broken);
        let is_complete = body.size_hint().exact() == Some(0);
        let has_ended = beginning.as_ref().map_or(true, |beginning| beginning.is_whole);
        if has_ended && is_broken() && !is_complete {
            return Err(Refusal::Trap);
        }
        let beginning = beginning.map_err(|_| Refusal::NoAnswer)?;
        let body = match answer {
            Some(answer) if !beginning.is_whole => {
                let exchange = self.clone();
                let (rest, handed_over) = Rest::new(beginning.parts, body, answer, exchange, head.status);
                // Who reads slowly holds no turn for long.
                tokio::spawn(async move {
                    tokio::select! { _ = handed_over => {}, () = sleep(LONGEST_HANDOVER) => {} }
                    drop(visit);
                });
                AnswerBody::of_rest(rest.boxed_unsync())
            }
            _ => AnswerBody::whole(beginning.parts, beginning.length),
        };
        Ok(Response::from_parts(head, body))
    }

    /// What the client of a request without an answer is told.
    async fn refusal_of(&self, error: &wasmtime::Error, visit: &Visit) -> Refusal {
        if let Some(error) = error.downcast_ref::<InstantiationError<Arrival>>() {
            return self.no_instance(&error.error);
        }
        if let Some(code) = error.downcast_ref::<ErrorCode>() {
            self.log_no_answer(&format!("{code:?}"));
            return Refusal::NoAnswer;
        }
        if error.is::<ExpirationError>() {
            return visit.timeout();
        }
        let Some(life) = visit.notice() else { return Refusal::Trap };
        // The worker learns the reason, a moment later.
        timeout(REASON, life.failure()).await.unwrap_or(Refusal::Trap)
    }
}

/// A component of WASI 0.3 finds the scheme and the host of its requests beside their path.
fn with_origin(mut request: Request<RequestBody>) -> Result<Request<RequestBody>, Refusal> {
    let host = request.headers().get(HOST).map_or(&b"localhost"[..], |host| host.as_bytes());
    let authority = Authority::try_from(host).map_err(|_| Refusal::BadHost)?;
    let mut parts = std::mem::take(request.uri_mut()).into_parts();
    parts.scheme = Some(Scheme::HTTP);
    parts.authority = Some(authority);
    *request.uri_mut() = Uri::from_parts(parts).map_err(|_| Refusal::BadHost)?;
    Ok(request)
}
