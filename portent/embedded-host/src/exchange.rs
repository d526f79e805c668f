//! One request: its turn, its instance, its answer, and what the component does after the answer.
//!
//! The component runs within the server's own task until the head of its answer is there. Most are done by
//! then: their answer leaves whole, and nothing was spawned. One that goes on, because it writes a long
//! answer or delivers its event, does so in a task of its own: its turn lasts until the answer has been
//! handed over, and what it does after that has a budget of its own.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::body::Body;
use hyper::header::EXPECT;
use hyper::{Request, Response, StatusCode};
use portent_event::{DropReason, ErrorType, Method, Route};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::{sleep_until, timeout, timeout_at};
use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use super::answer_body::{AnswerBody, Handover};
use super::component::{Code, Component, P2, is_exhausted};
use super::instance::Served;
use super::refusal::Refusal;
use super::request_body::RequestBody;
use super::scorer;
use super::{Failure, Shared};
use crate::InFlightGuard;

/// An answer that its client has not taken by then goes on without a turn: who reads slowly holds none for long.
pub(crate) const LONGEST_HANDOVER: Duration = Duration::from_secs(1);

type Serving = Pin<Box<dyn Future<Output = Served> + Send>>;
type Head = Result<Response<HyperOutgoingBody>, ErrorCode>;

/// A request to a component.
#[derive(Clone)]
pub(crate) struct Exchange {
    pub(crate) shared: Arc<Shared>,
    pub(crate) component: Arc<Component>,
    pub(crate) method: Method,
    pub(crate) route: Route,
    pub(crate) begun: Instant,
}

/// A place among those who run, and in the count of requests.
pub(crate) struct Turn {
    pub(crate) permit: OwnedSemaphorePermit,
    pub(crate) counted: InFlightGuard,
}

/// An answer that its component still writes: its turn lasts until it is handed over, or
/// [`LONGEST_HANDOVER`].
struct Unfinished {
    handover: Handover,
    turn: Turn,
}

impl Exchange {
    /// Answers, whatever happens.
    pub(crate) async fn answer<B>(self, request: Request<B>) -> Response<AnswerBody>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: std::error::Error,
    {
        match self.serve(request).await {
            Ok(response) => response,
            Err(refusal) => {
                self.report(refusal.error_type(), refusal.status(), false);
                refusal.into_response()
            }
        }
    }

    async fn serve<B>(&self, request: Request<B>) -> Result<Response<AnswerBody>, Refusal>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: std::error::Error,
    {
        let counted = self.component.in_flight.enter();
        let request = self.read_ahead(request).await?;
        let permit = self.shared.gate.enter().await.map_err(|_| Refusal::Overloaded)?;
        let turn = Turn { permit, counted };
        match &self.component.code {
            Code::P2(component) => self.serve_p2(component, request, turn).await,
            Code::P3(handler) => self.serve_p3(handler, request, turn).await,
        }
    }

    async fn serve_p2(
        &self,
        component: &P2,
        request: Request<RequestBody>,
        turn: Turn,
    ) -> Result<Response<AnswerBody>, Refusal> {
        let instance = timeout_at(self.deadline(), component.instance()).await;
        let instance = instance.map_err(|_| Refusal::Timeout)?.map_err(|error| self.no_instance(&error))?;
        let scoring = instance.scoring();
        let (head_sender, mut head) = oneshot::channel();
        let mut serving: Serving = Box::pin(instance.serve(request, head_sender));
        tokio::select! {
            biased;
            served = &mut serving => self.answered_at_once(component, served, head.try_recv().ok()),
            head = &mut head => self.answer_and_go_on(head.ok(), serving, turn),
            () = sleep_until(self.deadline()) => Err(scoring.map_or(Refusal::Timeout, |scoring| scoring.timeout())),
        }
    }

    async fn read_ahead<B>(&self, request: Request<B>) -> Result<Request<RequestBody>, Refusal>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: std::error::Error,
    {
        let (head, body) = request.into_parts();
        let limit = self.shared.options.body_bytes;
        // Refused before the first byte where the client waits to be asked for it.
        if head.headers.contains_key(EXPECT) && body.size_hint().lower() > limit {
            return Err(Refusal::BodyTooLarge);
        }
        let body = timeout_at(self.deadline(), self.shared.body_memory.read(body, limit)).await;
        Ok(Request::from_parts(head, body.map_err(|_| Refusal::BodyTimeout)??))
    }

    pub(crate) fn no_instance(&self, error: &wasmtime::Error) -> Refusal {
        tracing::error!(app = &*self.component.app, error = format!("{error:#}"), "no instance");
        if is_exhausted(error) { Refusal::Overloaded } else { Refusal::Trap }
    }

    /// The component is done: its answer is complete, or there is none.
    fn answered_at_once(
        &self,
        component: &P2,
        Served { mut instance, result, reported }: Served,
        head: Option<Head>,
    ) -> Result<Response<AnswerBody>, Refusal> {
        let response = match (result, head) {
            (Ok(()), head) => {
                component.pool.put(instance);
                self.response_of(head)?
            }
            (Err(trap), Some(Ok(response))) if !instance.has_open_answer() => {
                self.log_trap(&trap);
                self.report(ErrorType::Trap, response.status(), reported);
                response
            }
            (Err(trap), _) => {
                self.log_trap(&trap);
                return Err(if self.component.has_scorer { scorer::trap(&trap) } else { Refusal::Trap });
            }
        };
        let (head, body) = response.into_parts();
        let (body, _) = AnswerBody::of_component(body).map_err(|_| Refusal::NoAnswer)?;
        Ok(Response::from_parts(head, body))
    }

    /// The head is there and the component goes on.
    fn answer_and_go_on(
        &self,
        head: Option<Head>,
        serving: Serving,
        turn: Turn,
    ) -> Result<Response<AnswerBody>, Refusal> {
        let (head, body) = self.response_of(head)?.into_parts();
        let (body, handover) = AnswerBody::of_component(body).map_err(|_| Refusal::NoAnswer)?;
        let unfinished = handover.map(|handover| Unfinished { handover, turn });
        let rest = self.clone().finish(serving, unfinished, head.status);
        self.shared.after.tasks.spawn(rest);
        Ok(Response::from_parts(head, body))
    }

    fn response_of(&self, head: Option<Head>) -> Result<Response<HyperOutgoingBody>, Refusal> {
        let problem = match head {
            Some(Ok(response)) => return Ok(response),
            Some(Err(error)) => format!("{error:?}"),
            None => "it answered nothing".to_owned(),
        };
        self.log_no_answer(&problem);
        Err(Refusal::NoAnswer)
    }

    pub(crate) fn log_no_answer(&self, problem: &str) {
        tracing::error!(app = &*self.component.app, problem, "the component gave no answer");
    }

    /// Runs a component from the head of its answer to its end.
    async fn finish(self, mut serving: Serving, unfinished: Option<Unfinished>, status: StatusCode) {
        let mut served = None;
        let handover = if let Some(Unfinished { mut handover, turn }) = unfinished {
            let mut turn = Some(turn);
            let turn_ends = tokio::time::Instant::now() + LONGEST_HANDOVER;
            loop {
                tokio::select! {
                    biased;
                    ended = &mut serving => break served = Some(ended),
                    () = handover.done() => break,
                    () = sleep_until(turn_ends), if turn.is_some() => turn = None,
                    () = sleep_until(self.deadline()) => {
                        handover.break_off();
                        return self.report(ErrorType::Timeout, status, false);
                    }
                }
            }
            Some(handover)
        } else {
            None
        };
        if served.is_none() {
            served = self.after_answer(serving).await;
        }
        match served {
            Some(Served { instance, result: Ok(()), .. }) => self.component.keep(instance),
            Some(Served { mut instance, result: Err(trap), reported }) => {
                if let Some(handover) = handover.filter(|_| instance.has_open_answer()) {
                    handover.break_off();
                }
                self.log_trap(&trap);
                self.report(ErrorType::Trap, status, reported);
            }
            None => self.shared.sink.dropped(&self.component.app, DropReason::Cancelled),
        }
    }

    /// Lets a component work on after its answer, within the budget for that.
    async fn after_answer(&self, serving: Serving) -> Option<Served> {
        let after = &self.shared.after;
        let _place = after.places.try_acquire().ok()?;
        timeout(self.shared.options.after_answer_timeout, serving).await.ok()
    }

    pub(crate) fn deadline(&self) -> tokio::time::Instant {
        (self.begun + self.shared.options.request_timeout).into()
    }

    fn log_trap(&self, trap: &wasmtime::Error) {
        tracing::error!(app = &*self.component.app, error = format!("{trap:#}"), "the component failed");
    }

    pub(crate) fn report(&self, error: ErrorType, status: StatusCode, reported: bool) {
        self.shared.sink.failed(&Failure {
            app: &self.component.app,
            method: self.method,
            route: self.route,
            status: status.as_u16(),
            error,
            duration: self.begun.elapsed(),
            reported,
        });
    }
}
