//! JSON: one strict reader for every dialect, and writers for answers.
//!
//! [`Reader`] pulls values out of a text, borrowed, in one pass. It takes what RFC 8259 allows and nothing
//! else: no `NaN`, no trailing commas, no lone surrogates; nesting and strings are bounded.

mod decimals;
mod number;
mod reader;
mod string;
mod write;

pub(crate) use decimals::Gaps;
pub(crate) use reader::{JsonError, Kind, NextKey, Reader};
pub(crate) use write::{push_float, push_integer, push_number, push_string};

#[cfg(test)]
mod tests;
