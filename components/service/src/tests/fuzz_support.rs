//! Whatever is changed in a valid request, in any protocol: the answer keeps the rules of every answer.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::fuzz_support::FuzzTarget;

static HEART: LazyLock<FuzzTarget<'static>> = LazyLock::new(|| FuzzTarget::new(heart()));
static SMALL: LazyLock<FuzzTarget<'static>> = LazyLock::new(|| FuzzTarget::new(readings::small()));

#[test]
fn seeds_are_answered() {
    for target in [&HEART, &SMALL] {
        let statuses: Vec<_> = (0..target.seed_count()).map(|seed| target.run(&[seed as u8])).collect();
        let refused: Vec<_> = statuses.iter().filter(|(_, status)| *status != 200).collect();
        assert!(refused.is_empty(), "{refused:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn changed_requests_are_answered(script in proptest::collection::vec(any::<u8>(), 0..60)) {
        HEART.run(&script);
        SMALL.run(&script);
    }
}
