//! What the host tells the aggregator of its own accord; the aggregator itself is not known here.

use std::time::Duration;

use portent_event::{DropReason, ErrorType, Method, Route};

use crate::InFlight;

/// Takes what a running component leaves behind.
pub trait EventSink: Send + Sync {
    /// A line that a component printed and that claims to be an event; without its newline.
    fn line(&self, line: &[u8]);

    /// A request that the host answered, or whose component failed after its answer.
    fn failed(&self, failure: &Failure<'_>);

    /// Events that a component had no time to send.
    fn dropped(&self, app: &str, reason: DropReason);

    /// Where the requests in flight of an application are counted.
    fn in_flight(&self, app: &str) -> InFlight;
}

/// A request that did not end as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure<'a> {
    /// Application of the component, or the name in the manifest where no component was reached.
    pub app: &'a str,
    /// Method of the request.
    pub method: Method,
    /// Route template of the request's path.
    pub route: Route,
    /// Status that the client was given.
    pub status: u16,
    /// What went wrong.
    pub error: ErrorType,
    /// From the request's head to the answer, or to the fault after it.
    pub duration: Duration,
    /// The component had printed its event for this request before it failed.
    pub reported: bool,
}
