//! The event line: the one contract between the component that answers and the aggregator that counts.
//!
//! A request leaves the component as one line of JSON. The line is the access log entry and the metric
//! event at once: readable, bounded by [`limits::EMITTED_LINE_BYTES`], pre-aggregated over the rows of the
//! request, and without any input value. Everything that is added up downstream is an integer, so that
//! the order in which lines arrive can never change a total.
//!
//! See [`Event`] for the record, [`Line::decode`] for reading it back.

mod canonical;
mod closed_set;
mod counts;
mod digest;
mod encode;
mod json;
pub mod limits;
mod decode;
mod record;
mod routes;
mod rules;
mod scanner;
mod time;
mod vocabulary;

pub use counts::{CONFIDENCE_BOUNDS, CONFIDENCE_BUCKETS, ClassCounts, Pairs, to_nano};
pub use digest::{Digest, InvalidDigest};
pub use decode::{DecodeError, Line};
pub use record::{DropReport, Durations, Event, Predictions};
pub use routes::{ROUTES, RouteInfo, RouteMatch, find_route};
pub use rules::is_name;
pub use vocabulary::{DropReason, ErrorType, Method, Route, Stage};

#[cfg(any(test, fuzzing))]
pub mod fuzz_support;
#[cfg(test)]
mod tests;
