//! Scenarios on the real component: built wasm, real processes, real sockets.
//!
//! They run in the embedded host, and also under Spin where there is one.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::let_underscore_must_use,
    reason = "a scenario fails by panicking, and a process that ends twice is no fault"
)]

mod browser;
mod fixture;
mod prometheus;

mod alertmanager;
mod aliases;
mod battery;
mod clients;
mod counting;
mod delivery;
mod external_checkers;
mod formats;
mod kubelet;
mod lifetimes;
mod manifests;
mod memory;
mod one_write;
mod openapi;
mod operations;
mod pages;
mod panels;
mod predictions;
mod rules;
mod scorer;
mod scripts;
mod shells;
mod spin;
mod stack;
mod start;
mod static_program;
mod wit;
