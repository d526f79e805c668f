//! The error of a text.

/// Why a text is not JSON that the service reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct JsonError {
    /// Byte of the text.
    pub(crate) offset: usize,
    /// What is wrong there; never contains input.
    pub(crate) rule: &'static str,
}
