//! The documentation states the limits.

use crate::limits::*;

#[test]
fn the_page_states_the_limits() {
    let page = include_str!("../../../../docs/prediction-api.md");
    let rows = [
        format!("| body, as sent and after decompression | {} MiB |", BODY_BYTES >> 20),
        format!("| rows of a request | {},000 |", BATCH_ROWS / 1_000),
        format!("| rows of a request with explanations | {},000 |", EXPLAINED_ROWS / 1_000),
        format!("| nesting of JSON | {DEPTH} |"),
        format!("| a string in JSON | {} KiB |", STRING_BYTES >> 10),
        format!("lists up to {},000 errors", VIOLATIONS / 1_000),
    ];
    for row in rows {
        assert!(page.contains(&row), "docs/prediction-api.md does not say {row:?}");
    }
}
