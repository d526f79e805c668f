//! JSON text to fields, borrowed: values stay text until a rule looks at them.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Values of an object by the position of their names in a given list; other names are passed over.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Object<'a> {
    /// One entry a name: the value's text.
    pub(crate) values: Vec<Option<&'a str>>,
    /// A name that was there twice.
    pub(crate) repeated: Option<usize>,
}

/// Elements of an array.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Array<'a> {
    /// Texts of the elements, as many as allowed.
    pub(crate) elements: Vec<&'a str>,
    /// There were more.
    pub(crate) too_long: bool,
}

/// Why a text could not be read as what was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// Not JSON.
    Syntax {
        /// Byte at which that shows.
        offset: usize,
        /// What is wrong there; never contains input.
        message: String,
    },
    /// JSON, but of another type.
    OtherType,
}

/// Reads an object, keeping the values of `names`.
pub(crate) fn object<'a>(text: &'a str, names: &[&str]) -> Result<Object<'a>, Unreadable> {
    read(text, ObjectSeed { names })
}

/// Reads an array of at most `limit` elements.
pub(crate) fn array(text: &str, limit: usize) -> Result<Array<'_>, Unreadable> {
    read(text, ArraySeed { limit })
}

/// Reads a string.
pub(crate) fn string(text: &str) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Text<'_>>(text).ok().map(|text| text.0)
}

/// Appends a string as JSON.
pub(crate) fn push_string(out: &mut Vec<u8>, text: &str) {
    push(out, text);
}

/// Appends a finite number as JSON, whole ones without a fraction.
pub(crate) fn push_number(out: &mut Vec<u8>, number: f64) {
    if number.fract() == 0.0 && number.abs() < 9e15 {
        #[expect(clippy::cast_possible_truncation, reason = "whole and within i64, just checked")]
        push(out, &(number as i64));
    } else {
        push(out, &number);
    }
}

/// Appends a finite number as JSON, as the shortest text that reads back the same.
pub(crate) fn push_float(out: &mut Vec<u8>, number: f64) {
    push(out, &number);
}

fn push<T: serde::Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    // Writing these types to a Vec cannot fail; were it to, the value reads null.
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.extend_from_slice(b"null");
    }
}

fn read<'a, S: DeserializeSeed<'a>>(text: &'a str, seed: S) -> Result<S::Value, Unreadable> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let result = seed.deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    result.map_err(|error| unreadable(text, &error))
}

/// Tells broken JSON from JSON of another type: the rest of the text must be JSON for the latter.
#[cold]
fn unreadable(text: &str, error: &serde_json::Error) -> Unreadable {
    let syntax = match serde_json::from_str::<&RawValue>(text) {
        Err(syntax) => syntax,
        Ok(_) if error.is_data() => return Unreadable::OtherType,
        Ok(_) => return Unreadable::Syntax { offset: offset(text, error), message: message(error) },
    };
    Unreadable::Syntax { offset: offset(text, &syntax), message: message(&syntax) }
}

fn offset(text: &str, error: &serde_json::Error) -> usize {
    let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1));
    lines.map(str::len).sum::<usize>() + error.column().saturating_sub(1)
}

fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

struct ObjectSeed<'n> {
    names: &'n [&'n str],
}

impl<'a> DeserializeSeed<'a> for ObjectSeed<'_> {
    type Value = Object<'a>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for ObjectSeed<'_> {
    type Value = Object<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut object = Object { values: vec![None; self.names.len()], repeated: None };
        // Fields mostly come in the model's order: looking at the next name first finds them at once.
        let mut next = 0;
        while let Some(Text(key)) = map.next_key()? {
            let in_order = self.names.get(next).is_some_and(|name| *name == key);
            let found = if in_order { Some(next) } else { self.names.iter().position(|name| *name == key) };
            let Some(index) = found else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if object.values[index].replace(map.next_value::<&RawValue>()?.get()).is_some() {
                object.repeated = Some(index);
            }
            next = index + 1;
        }
        Ok(object)
    }
}

struct ArraySeed {
    limit: usize,
}

impl<'a> DeserializeSeed<'a> for ArraySeed {
    type Value = Array<'a>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'a> Visitor<'a> for ArraySeed {
    type Value = Array<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while elements.len() < self.limit {
            match seq.next_element::<&RawValue>()? {
                Some(element) => elements.push(element.get()),
                None => return Ok(Array { elements, too_long: false }),
            }
        }
        let mut too_long = false;
        while seq.next_element::<IgnoredAny>()?.is_some() {
            too_long = true;
        }
        Ok(Array { elements, too_long })
    }
}

/// A string, borrowed where it has no escapes.
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
            fn visit_bytes<E: serde::de::Error>(self, _: &[u8]) -> Result<Self::Value, E> {
                Err(E::custom("not a string"))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}
