//! The scenarios in which the shell has a part, on the WASI 0.3 shell in the embedded host; and its own.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::let_underscore_must_use,
    reason = "a scenario fails by panicking, and a process that ends twice is no fault"
)]
#![allow(dead_code, reason = "the scenarios of the other shell use more of the fixture")]

mod fixture;

mod battery;
mod counting;
mod delivery;
mod lifetimes;
mod memory;
mod one_write;
mod predictions;
mod scorer;
mod spin;
