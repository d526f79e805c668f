//! The encoding of protobuf fields. <https://protobuf.dev/programming-guides/encoding/>

const VARINT: u32 = 0;
const FIXED_64: u32 = 1;
const LENGTH_DELIMITED: u32 = 2;

/// Writes an unsigned number, also an enumeration.
pub(super) fn unsigned(out: &mut Vec<u8>, field: u32, value: u64) {
    tag(out, field, VARINT);
    varint(out, value);
}

/// Writes a number of type `sint32` or `sint64`.
pub(super) fn signed(out: &mut Vec<u8>, field: u32, value: i64) {
    unsigned(out, field, ((value << 1) ^ (value >> 63)) as u64);
}

/// Writes a number of type `double`.
pub(super) fn double(out: &mut Vec<u8>, field: u32, value: f64) {
    tag(out, field, FIXED_64);
    out.extend_from_slice(&value.to_le_bytes());
}

/// Writes a text.
pub(super) fn text(out: &mut Vec<u8>, field: u32, value: &str) {
    tag(out, field, LENGTH_DELIMITED);
    varint(out, value.len() as u64);
    out.extend_from_slice(value.as_bytes());
}

/// Writes a message of the fields that `write` writes.
pub(super) fn message(out: &mut Vec<u8>, field: u32, write: impl FnOnce(&mut Vec<u8>)) {
    tag(out, field, LENGTH_DELIMITED);
    let start = out.len();
    write(out);
    insert_length(out, start);
}

/// Inserts, at `start`, the length of the bytes written since.
pub(super) fn insert_length(out: &mut Vec<u8>, start: usize) {
    let end = out.len();
    varint(out, end.saturating_sub(start) as u64);
    let length = out.len() - end;
    if let Some(written) = out.get_mut(start..) {
        written.rotate_right(length);
    }
}

fn tag(out: &mut Vec<u8>, field: u32, wire_type: u32) {
    varint(out, u64::from(field << 3 | wire_type));
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use prost::encoding::{decode_key, decode_varint};

    use super::*;

    #[test]
    fn numbers_are_as_the_format_says() {
        let written = |write: fn(&mut Vec<u8>)| {
            let mut out = Vec::new();
            write(&mut out);
            out
        };
        assert_eq!(written(|out| unsigned(out, 1, 150)), [0x08, 0x96, 0x01]);
        assert_eq!(written(|out| signed(out, 2, -2)), [0x10, 0x03]);
        assert_eq!(written(|out| signed(out, 2, 2_147_483_647)), [0x10, 0xfe, 0xff, 0xff, 0xff, 0x0f]);
        assert_eq!(written(|out| double(out, 16, 1.0)), [0x81, 0x01, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f]);
        assert_eq!(written(|out| text(out, 2, "testing")), *b"\x12\x07testing");
        assert_eq!(written(|out| message(out, 3, |out| unsigned(out, 1, 150))), [0x1a, 3, 0x08, 0x96, 0x01]);
    }

    proptest! {
        #[test]
        fn a_message_of_any_length_is_read_to_its_end(length in 0_usize..40_000, value: u64) {
            let mut out = vec![7];
            message(&mut out, 9, |out| {
                out.resize(out.len() + length, 5);
                varint(out, value);
            });
            let mut rest = &out[1..];
            prop_assert_eq!(decode_key(&mut rest).unwrap().0, 9);
            prop_assert_eq!(decode_varint(&mut rest).unwrap(), rest.len() as u64);
            let mut last = &rest[length..];
            prop_assert!(rest[..length].iter().all(|byte| *byte == 5));
            prop_assert_eq!(decode_varint(&mut last).unwrap(), value);
            prop_assert!(last.is_empty());
        }
    }
}
