//! JSON: one strict reader for every protocol, and writers for answers.
//!
//! [`Reader`] pulls values out of a text, borrowed, in one pass. It accepts RFC 8259 and nothing else: no `NaN`, no trailing commas, no lone surrogates; nesting and strings are bounded.

mod decimals;
mod error;
mod number;
mod reader;
mod string;
mod write;

pub(crate) use decimals::Gaps;
pub(crate) use error::JsonError;
pub(crate) use reader::{JsonType, NextKey, Reader};
pub(crate) use write::{push_float, push_integer, push_number, push_string};

#[cfg(test)]
mod tests;
