//! Names of senders with their hash: one is made for a delivery, and serves for every generation it is looked for in.

use std::borrow::Borrow;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::Arc;

/// A map from names.
pub(super) type NameMap<V> = std::collections::HashMap<Name, V, BuildHasherDefault<Ready>>;

/// A name with its hash. Hashes are of one map's making, or of several with the same random key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    hash: u64,
    text: Arc<str>,
}

/// A name to look for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sought<'a> {
    pub(super) hash: u64,
    pub(super) text: &'a str,
}

/// What a name and one that is looked for have in common.
pub(super) trait Named {
    fn hash_value(&self) -> u64;
    fn text(&self) -> &str;
}

/// Hands over a hash that is ready.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ready(u64);

impl Named for Name {
    fn hash_value(&self) -> u64 {
        self.hash
    }

    fn text(&self) -> &str {
        &self.text
    }
}

impl Named for Sought<'_> {
    fn hash_value(&self) -> u64 {
        self.hash
    }

    fn text(&self) -> &str {
        self.text
    }
}

impl From<Sought<'_>> for Name {
    fn from(sought: Sought<'_>) -> Self {
        Self { hash: sought.hash, text: sought.text.into() }
    }
}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl Hash for dyn Named + '_ {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash_value());
    }
}

impl PartialEq for dyn Named + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.hash_value() == other.hash_value() && self.text() == other.text()
    }
}

impl Eq for dyn Named + '_ {}

impl<'a> Borrow<dyn Named + 'a> for Name {
    fn borrow(&self) -> &(dyn Named + 'a) {
        self
    }
}

impl Hasher for Ready {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    /// Names write nothing else.
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two names of one hash are two names: chance must not make one sender's deliveries repeats of another's.
    #[test]
    fn equal_hashes_do_not_make_equal_names() {
        let [first, second] = ["a", "b"].map(|text| Sought { hash: 7, text });
        let mut map = NameMap::default();
        map.insert(Name::from(first), 1);
        assert_eq!((map.get(&first as &dyn Named), map.get(&second as &dyn Named)), (Some(&1), None));
        map.insert(Name::from(second), 2);
        assert_eq!((map.get(&first as &dyn Named), map.get(&second as &dyn Named)), (Some(&1), Some(&2)));
    }
}
