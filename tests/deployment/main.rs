//! What is in `deploy/` and `docs/`, held against itself and put before outside judges. Nothing is started but
//! these; what runs against a running service is among the scenarios.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod dependencies;
mod images;
mod manifests;
mod names;
mod versions;
