//! A pull parser over a text.

use std::borrow::Cow;

use crate::limits;

use super::error::JsonError;
use super::{number, string};

/// Reads one JSON text from its beginning to its end.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    pub(super) depth: usize,
    /// The container just begun has had no item yet.
    is_first: bool,
}

/// Type of the value that comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JsonType {
    Object,
    Array,
    String,
    Number,
    Boolean,
    Null,
}

/// What comes next in an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NextKey<'a> {
    /// The name that was expected.
    Expected,
    /// A key. It may still be that name, written with escapes.
    Other(Cow<'a, str>),
    /// Nothing: the object has ended.
    End,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0, depth: 0, is_first: false }
    }

    /// The type of the next value.
    pub(crate) fn next_type(&mut self) -> Result<JsonType, JsonError> {
        match self.peek() {
            Some(b'{') => Ok(JsonType::Object),
            Some(b'[') => Ok(JsonType::Array),
            Some(b'"') => Ok(JsonType::String),
            Some(b'-' | b'0'..=b'9') => Ok(JsonType::Number),
            Some(b't' | b'f') => Ok(JsonType::Boolean),
            Some(b'n') => Ok(JsonType::Null),
            Some(_) => Err(self.error("expected value")),
            None => Err(self.error("unexpected end")),
        }
    }

    /// Enters an object; [`Self::next_key`] then gives its keys.
    pub(crate) fn begin_object(&mut self) -> Result<(), JsonError> {
        self.begin(b'{')
    }

    /// The next key, or `None` after leaving the object. The key's value must be read before the next call.
    pub(crate) fn next_key(&mut self) -> Result<Option<Cow<'a, str>>, JsonError> {
        if self.next_item(b'}')? { self.key().map(Some) } else { Ok(None) }
    }

    /// As [`Self::next_key`], but quick if the key is the expected name without escapes.
    pub(crate) fn next_key_of(&mut self, expected: Option<&str>) -> Result<NextKey<'a>, JsonError> {
        if !self.next_item(b'}')? {
            return Ok(NextKey::End);
        }
        if expected.is_some_and(|name| self.take_key(name)) {
            return Ok(NextKey::Expected);
        }
        self.key().map(NextKey::Other)
    }

    /// Enters an array; [`Self::next_element`] is then true if there is an element to read.
    pub(crate) fn begin_array(&mut self) -> Result<(), JsonError> {
        self.begin(b'[')
    }

    /// Whether another element follows; if not, the array has been left.
    pub(crate) fn next_element(&mut self) -> Result<bool, JsonError> {
        self.next_item(b']')
    }

    /// Reads a string, borrowed if it has no escapes.
    pub(crate) fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        if self.peek() != Some(b'"') {
            return Err(self.error("expected a string"));
        }
        let (string, end) = string::read(self.text, self.at)?;
        self.at = end;
        Ok(string)
    }

    /// Reads a number; infinite if it is out of the range of f64.
    pub(crate) fn number(&mut self) -> Result<f64, JsonError> {
        self.peek();
        let start = self.at;
        self.at = number::end(self.text.as_bytes(), start)?;
        Ok(number::value(self.since(start)))
    }

    /// The number of a text that [`Self::skip`] has passed over.
    pub(crate) fn number_of(text: &str) -> f64 {
        number::value(text)
    }

    /// Reads `true` or `false`.
    pub(crate) fn boolean(&mut self) -> Result<bool, JsonError> {
        if self.peek() == Some(b't') {
            self.word("true").map(|()| true)
        } else {
            self.word("false").map(|()| false)
        }
    }

    /// Passes over a value of any type and returns its text.
    pub(crate) fn skip(&mut self) -> Result<&'a str, JsonError> {
        let json_type = self.next_type()?;
        let start = self.at;
        match json_type {
            JsonType::Number => self.at = number::end(self.text.as_bytes(), start)?,
            JsonType::Object | JsonType::Array => self.skip_container()?,
            _ => self.skip_scalar(json_type)?,
        }
        Ok(self.since(start))
    }

    /// The position of the reader, for [`Self::since`].
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// The text read since a position.
    pub(crate) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Checks that nothing but white space is left.
    pub(crate) fn end(&mut self) -> Result<(), JsonError> {
        if self.peek().is_none() { Ok(()) } else { Err(self.error("trailing characters")) }
    }

    fn key(&mut self) -> Result<Cow<'a, str>, JsonError> {
        if self.peek() != Some(b'"') {
            return Err(self.error("key must be a string"));
        }
        let key = self.string()?;
        if self.peek() != Some(b':') {
            return Err(self.error("expected ':'"));
        }
        self.at += 1;
        Ok(key)
    }

    /// Passes over a key that is exactly this name, in quotes, with a colon behind it. Whether it is.
    fn take_key(&mut self, name: &str) -> bool {
        let before = self.at;
        let is_key = self.take_name(name) && self.text.as_bytes().get(self.at) == Some(&b':');
        self.at = if is_key { self.at + 1 } else { before };
        is_key
    }

    /// Passes over exactly this name in quotes. Whether it is next.
    pub(super) fn take_name(&mut self, name: &str) -> bool {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let close = 1 + name.len();
        let is_name = rest.first() == Some(&b'"')
            && rest.get(1..close) == Some(name.as_bytes())
            && rest.get(close) == Some(&b'"');
        self.at += if is_name { close + 1 } else { 0 };
        is_name
    }

    fn begin(&mut self, open: u8) -> Result<(), JsonError> {
        if self.peek() != Some(open) {
            return Err(self.error("expected value"));
        }
        if self.depth == limits::DEPTH {
            return Err(self.error("nested too deeply"));
        }
        self.at += 1;
        self.depth += 1;
        self.is_first = true;
        Ok(())
    }

    fn next_item(&mut self, close: u8) -> Result<bool, JsonError> {
        let is_first = std::mem::take(&mut self.is_first);
        match self.peek() {
            Some(byte) if byte == close => {
                self.at += 1;
                self.depth -= 1;
                Ok(false)
            }
            Some(_) if is_first => Ok(true),
            Some(b',') => {
                self.at += 1;
                match self.peek() {
                    Some(byte) if byte == close => Err(self.error("trailing comma")),
                    Some(_) => Ok(true),
                    None => Err(self.error("unexpected end")),
                }
            }
            Some(_) => {
                Err(self.error(if close == b'}' { "expected ',' or '}'" } else { "expected ',' or ']'" }))
            }
            None => Err(self.error("unexpected end")),
        }
    }

    /// Passes over a container without recursion. The bits of a word say which of the open containers are objects.
    fn skip_container(&mut self) -> Result<(), JsonError> {
        const { assert!(limits::DEPTH <= 64, "one bit per level") };
        let outside = self.depth;
        let mut objects = 0_u64;
        loop {
            let json_type = self.next_type()?;
            match json_type {
                JsonType::Object | JsonType::Array => {
                    self.begin(if json_type == JsonType::Object { b'{' } else { b'[' })?;
                    objects = objects << 1 | u64::from(json_type == JsonType::Object);
                }
                _ => self.skip_scalar(json_type)?,
            }
            while !(if objects & 1 == 1 { self.next_key()?.is_some() } else { self.next_element()? }) {
                objects >>= 1;
                if self.depth == outside {
                    return Ok(());
                }
            }
        }
    }

    fn skip_scalar(&mut self, json_type: JsonType) -> Result<(), JsonError> {
        match json_type {
            JsonType::String => self.at = string::end(self.text, self.at)?,
            JsonType::Number => self.at = number::end(self.text.as_bytes(), self.at)?,
            JsonType::Boolean => _ = self.boolean()?,
            JsonType::Null | JsonType::Object | JsonType::Array => self.word("null")?,
        }
        Ok(())
    }

    fn word(&mut self, word: &str) -> Result<(), JsonError> {
        if self.text.as_bytes().get(self.at..self.at + word.len()) != Some(word.as_bytes()) {
            return Err(self.error("expected value"));
        }
        self.at += word.len();
        Ok(())
    }

    /// Moves to the next byte that is not white space.
    pub(super) fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    fn error(&self, rule: &'static str) -> JsonError {
        JsonError { offset: self.at, rule }
    }
}
