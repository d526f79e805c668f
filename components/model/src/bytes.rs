//! Reading little-endian numbers from bytes whose length has been checked.
//!
//! A read out of bounds cannot happen after the checks of `Model::open`; were one to, it yields zero, not a
//! panic.

/// Records of equal size, viewed in place.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Records<'a> {
    bytes: &'a [u8],
    size: usize,
}

impl<'a> Records<'a> {
    /// Views `bytes` as records of `size` bytes; `None` if they do not divide evenly.
    pub(crate) fn new(bytes: &'a [u8], size: usize) -> Option<Self> {
        bytes.len().is_multiple_of(size).then_some(Self { bytes, size })
    }

    pub(crate) fn len(self) -> usize {
        self.bytes.len() / self.size
    }

    pub(crate) fn get(self, index: usize) -> &'a [u8] {
        let start = index.saturating_mul(self.size);
        self.bytes.get(start..start.saturating_add(self.size)).unwrap_or_default()
    }

    /// As many records from `start` on; none where they are not all there.
    pub(crate) fn range(self, start: usize, count: usize) -> Self {
        let (start, length) = (start.saturating_mul(self.size), count.saturating_mul(self.size));
        let bytes = self.bytes.get(start..start.saturating_add(length)).unwrap_or_default();
        Self { bytes, size: self.size }
    }

    pub(crate) fn iter(self) -> std::slice::ChunksExact<'a, u8> {
        self.bytes.chunks_exact(self.size)
    }
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes)
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes)
}

pub(crate) fn f64_at(bytes: &[u8], at: usize) -> f64 {
    f64::from_bits(u64_at(bytes, at))
}

/// A u32 as an index.
pub(crate) fn index_at(bytes: &[u8], at: usize) -> usize {
    usize::try_from(u32_at(bytes, at)).unwrap_or(usize::MAX)
}
