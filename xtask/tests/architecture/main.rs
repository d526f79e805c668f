//! What ARCHITECTURE.md says of crates and modules, held against the code.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod borders;
mod circles;
mod crate_source;
mod tokens;

use std::path::Path;

/// Root of the repository.
fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
