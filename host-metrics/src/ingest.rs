//! The ways in for events that do not come from the embedded host: HTTP and followed files.

mod follower;
pub mod http;
pub mod tail;
