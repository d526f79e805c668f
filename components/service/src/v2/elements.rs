//! Elements of output tensors, in the two forms of the protocol.

use crate::json::{push_float, push_integer, push_string};

/// Elements in one of the protocol's forms.
pub(super) trait Elements {
    fn integer(&mut self, value: usize);
    fn number(&mut self, value: f64);
    fn text(&mut self, value: &str);
}

/// Elements of a JSON list, each with a comma behind it.
#[derive(Debug)]
pub(super) struct JsonElements<'o> {
    pub(super) out: &'o mut Vec<u8>,
}

/// Elements as little-endian bytes, texts behind their lengths.
#[derive(Debug)]
pub(super) struct BinaryElements<'o> {
    pub(super) out: &'o mut Vec<u8>,
}

impl Elements for JsonElements<'_> {
    fn integer(&mut self, value: usize) {
        push_integer(self.out, value);
        self.out.push(b',');
    }

    fn number(&mut self, value: f64) {
        push_float(self.out, value);
        self.out.push(b',');
    }

    fn text(&mut self, value: &str) {
        push_string(self.out, value);
        self.out.push(b',');
    }
}

impl Elements for BinaryElements<'_> {
    fn integer(&mut self, value: usize) {
        self.out.extend_from_slice(&(value as u64).to_le_bytes());
    }

    fn number(&mut self, value: f64) {
        self.out.extend_from_slice(&value.to_le_bytes());
    }

    fn text(&mut self, value: &str) {
        let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
        self.out.extend_from_slice(&length.to_le_bytes());
        self.out.extend_from_slice(value.as_bytes());
    }
}
