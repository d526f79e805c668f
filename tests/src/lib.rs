//! What tests of several crates share: finding outside judges and data, and saying by name what is missing.

pub mod judge;
