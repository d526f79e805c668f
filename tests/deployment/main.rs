//! What is in `deploy/` and `docs/`, checked for consistency and by external checkers. Nothing is started but
//! these; what runs against a running service is among the scenarios.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod alertmanager;
mod alerts;
mod annotations;
mod cluster;
mod dashboards;
mod dependencies;
mod docs;
mod grafana;
mod images;
mod kubectl;
mod manifests;
mod names;
mod queries;
mod rules;
mod scripts;
mod slo;
mod versions;
