//! The trainer from outside: its library on real and on bad data.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper fails its test that way")]

mod bad_data;
mod features;
mod forest;
mod heart;
mod hvs;
