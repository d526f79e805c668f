//! Members of the protocol's objects, each with the place that an error names.

use std::borrow::Cow;
use std::fmt::{Arguments, Display};

use crate::json::{JsonType, Reader};
use crate::refusal::Refusal;

/// Most elements of a list of tensors: as many as features, and some more that are refused by name.
const LIST_ITEMS: usize = 1_024;

/// Reads an object. `take` gets the index of each of `names` that is present, and reads its value. Other members are
/// passed over.
pub(super) fn fields<'a>(
    reader: &mut Reader<'a>,
    place: Arguments<'_>,
    names: &[&str],
    mut take: impl FnMut(usize, &mut Reader<'a>) -> Result<(), Refusal<'static>>,
) -> Result<(), Refusal<'static>> {
    if reader.next_type()? != JsonType::Object {
        return Err(bad(place, "is an object"));
    }
    let mut seen = 0_u64;
    reader.begin_object()?;
    while let Some(key) = reader.next_key()? {
        let Some(index) = names.iter().position(|name| *name == key) else {
            reader.skip()?;
            continue;
        };
        if seen >> index & 1 == 1 {
            return Err(bad(place, format!("has {key} twice")));
        }
        seen |= 1 << index;
        take(index, reader)?;
    }
    Ok(())
}

/// Reads a list, element by element.
pub(super) fn list<'a, T>(
    reader: &mut Reader<'a>,
    place: Arguments<'_>,
    mut read: impl FnMut(&mut Reader<'a>, usize) -> Result<T, Refusal<'static>>,
) -> Result<Vec<T>, Refusal<'static>> {
    if reader.next_type()? != JsonType::Array {
        return Err(bad(place, "is a list"));
    }
    let mut items = Vec::new();
    reader.begin_array()?;
    while reader.next_element()? {
        if items.len() == LIST_ITEMS {
            return Err(bad(place, format!("has at most {LIST_ITEMS} elements")));
        }
        items.push(read(reader, items.len())?);
    }
    Ok(items)
}

/// Reads a value that may be `null`.
pub(super) fn optional<'a, T>(
    reader: &mut Reader<'a>,
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, Refusal<'static>>,
) -> Result<Option<T>, Refusal<'static>> {
    if reader.next_type()? == JsonType::Null {
        reader.skip()?;
        return Ok(None);
    }
    read(reader).map(Some)
}

pub(super) fn text<'a>(
    reader: &mut Reader<'a>,
    place: Arguments<'_>,
) -> Result<Cow<'a, str>, Refusal<'static>> {
    if reader.next_type()? == JsonType::String {
        Ok(reader.string()?)
    } else {
        Err(bad(place, "is a string"))
    }
}

pub(super) fn boolean<'a>(reader: &mut Reader<'a>, place: Arguments<'_>) -> Result<bool, Refusal<'static>> {
    if reader.next_type()? == JsonType::Boolean {
        Ok(reader.boolean()?)
    } else {
        Err(bad(place, "is true or false"))
    }
}

/// A whole number from 0 on that fits 32 bits.
pub(super) fn whole<'a>(reader: &mut Reader<'a>, place: Arguments<'_>) -> Result<usize, Refusal<'static>> {
    let number = if reader.next_type()? == JsonType::Number { Some(reader.number()?) } else { None };
    match number {
        Some(number) if (0.0..=f64::from(u32::MAX)).contains(&number) && number.fract() == 0.0 => {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "just checked")]
            let number = number as u32;
            Ok(number as usize)
        }
        _ => Err(bad(place, "is a whole number from 0 to 4294967295")),
    }
}

/// A 400 that names a place and its rule.
pub(super) fn bad(place: Arguments<'_>, rule: impl Display) -> Refusal<'static> {
    Refusal::bad(format!("{place}: {rule}"))
}
