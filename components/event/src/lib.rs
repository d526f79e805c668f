//! The event line: the contract between the component that answers and the aggregator that counts.
//!
//! The component writes one line of JSON per request. The line is the entry of the access log and the metric event at
//! once. It is readable, bounded by [`limits::EMITTED_LINE_BYTES`] and holds counts over the rows of the request, but
//! no input value. Everything that the aggregator adds up is an integer, so totals do not depend on the order of lines.
//!
//! [`Event`] is the record, [`Event::encode`] writes it and [`Line::decode`] reads it.

mod canonical;
mod counts;
mod decode;
mod digest;
mod encode;
pub mod limits;
mod record;
mod routes;
pub mod time;
mod vocabulary;

pub use counts::{CONFIDENCE_BOUNDS, CONFIDENCE_BUCKETS, ClassCounts, Pairs, to_nano};
pub use decode::{DecodeError, Line, is_event_line};
pub use digest::{Digest, InvalidDigest};
pub use record::{DropReport, Durations, Event, Predictions};
pub use routes::{ROUTES, RouteInfo, RouteMatch, find_route};
pub use vocabulary::{DropReason, ErrorType, Method, Route, Stage, is_name};

#[cfg(any(test, fuzzing))]
pub mod fuzz_support;
#[cfg(test)]
mod tests;
