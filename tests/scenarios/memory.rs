//! Memory that a large batch took is given back.

use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::fixture::{Build, FIRST_ROW, for_both_builds};

const MIB: u64 = 1 << 20;

/// The instance that grew for the batch is dropped once it has answered, and its pages with it.
fn a_large_batch_leaves_no_memory_behind(build: Build) {
    let host = build.up(&["--idle-instance-timeout", "1h"]);
    assert_eq!(host.post("/predict", FIRST_ROW).0, 200);
    let before = host.memory("VmRSS");
    let rows = vec![FIRST_ROW; 100_000].join(",");
    assert_eq!(host.post("/predict/batch", &format!("{{\"patients\":[{rows}]}}")).0, 200);
    let most = host.memory("VmHWM");
    assert!(most > before + 32 * MIB, "the batch takes memory: {before}, then {most} at most");
    let deadline = Instant::now() + Duration::from_secs(20);
    while host.memory("VmRSS") > before + 16 * MIB {
        assert!(Instant::now() < deadline, "{before} before, {} after the batch", host.memory("VmRSS"));
        sleep(Duration::from_millis(50));
    }
    assert_eq!(host.post("/predict", FIRST_ROW).0, 200);
}

for_both_builds!(a_large_batch_leaves_no_memory_behind);
