//! Serialization of counts of which most are zero: their number, then each other count behind the number of zeros
//! before it.

use portent_event::limits;
use serde::de::Error as _;
use serde::ser::SerializeSeq as _;
use serde::{Deserialize, Deserializer, Serializer};

/// Most counts of a list: those of a model with as many features and bins as there may be.
const COUNTS: u64 = (limits::FEATURES * limits::BINS) as u64;

pub(crate) fn serialize<S: Serializer>(counts: &impl AsRef<[u64]>, serializer: S) -> Result<S::Ok, S::Error> {
    let counts = counts.as_ref();
    let present = counts.iter().filter(|count| **count > 0).count();
    let mut numbers = serializer.serialize_seq(Some(1 + 2 * present))?;
    numbers.serialize_element(&counts.len())?;
    let mut next = 0;
    for (index, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        numbers.serialize_element(&(index - next))?;
        numbers.serialize_element(count)?;
        next = index + 1;
    }
    numbers.end()
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>, T: TryFrom<Vec<u64>>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let counts = expand(&Vec::deserialize(deserializer)?).and_then(|counts| counts.try_into().ok());
    counts.ok_or_else(|| D::Error::custom("another number of counts"))
}

fn expand(numbers: &[u64]) -> Option<Vec<u64>> {
    let (length, pairs) = numbers.split_first()?;
    let mut counts = vec![0; usize::try_from(*length).ok().filter(|_| *length <= COUNTS)?];
    let (pairs, rest) = pairs.as_chunks::<2>();
    let mut next = 0;
    for [zeros, count] in pairs {
        let index = usize::try_from(*zeros).ok()?.checked_add(next)?;
        *counts.get_mut(index)? = *count;
        next = index + 1;
    }
    rest.is_empty().then_some(counts)
}
