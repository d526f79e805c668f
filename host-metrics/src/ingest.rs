//! The ways in for events that do not come from the embedded host: HTTP and followed files.

pub mod body;
pub mod cri;
pub mod deliveries;
pub mod http;
pub mod lines;
pub mod tail;
