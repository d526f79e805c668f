//! What tests of several crates share: finding outside judges and data, saying by name what is missing, and
//! reading what is deployed.

pub mod deploy;
pub mod judge;
pub mod promql;
