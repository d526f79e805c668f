//! What tests of several crates share: finding external tools and data, skipping tests, and
//! reading what is deployed.

pub mod dashboard;
pub mod deploy;
pub mod external;
pub mod promql;
