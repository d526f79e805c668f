//! Whatever is changed in a valid request, in any dialect: the answer is one that can be given.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::exercise::Exercise;

static HEART: LazyLock<Exercise<'static>> = LazyLock::new(|| Exercise::new(heart()));
static SMALL: LazyLock<Exercise<'static>> = LazyLock::new(|| Exercise::new(readings::small()));

#[test]
fn seeds_are_answered() {
    for exercise in [&HEART, &SMALL] {
        let statuses: Vec<_> = (0..exercise.seed_count()).map(|seed| exercise.run(&[seed as u8])).collect();
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
