//! The reader beside serde_json, and its own rules.

use proptest::prelude::*;
use serde_json::Value;

use super::decimals::{Gap, START};
use super::*;
use crate::limits;

/// Stands for a number beyond f64, which serde_json refuses.
const BEYOND: &str = "beyond f64";

/// Reads a whole text into serde_json's type, by pulling.
fn read(text: &str) -> Result<Value, JsonError> {
    fn value(reader: &mut Reader<'_>) -> Result<Value, JsonError> {
        Ok(match reader.next_type()? {
            JsonType::Object => {
                reader.begin_object()?;
                let mut object = serde_json::Map::new();
                while let Some(key) = reader.next_key()? {
                    object.insert(key.into_owned(), value(reader)?);
                }
                object.into()
            }
            JsonType::Array => {
                reader.begin_array()?;
                let mut array = Vec::new();
                while reader.next_element()? {
                    array.push(value(reader)?);
                }
                array.into()
            }
            JsonType::String => reader.string()?.into_owned().into(),
            JsonType::Number => match reader.number()? {
                number if number.is_infinite() => BEYOND.into(),
                number => number.into(),
            },
            JsonType::Boolean => reader.boolean()?.into(),
            JsonType::Null => reader.skip().map(|_| Value::Null)?,
        })
    }
    let mut reader = Reader::new(text);
    let read = value(&mut reader)?;
    reader.end().map(|()| read)
}

/// serde_json's reading, numbers as f64 as ours.
fn expected(text: &str) -> Option<Value> {
    fn floats(value: Value) -> Value {
        match value {
            Value::Number(number) => number.as_f64().into(),
            Value::Array(items) => items.into_iter().map(floats).collect(),
            Value::Object(items) => items.into_iter().map(|(key, value)| (key, floats(value))).collect(),
            other => other,
        }
    }
    serde_json::from_str(text).ok().map(floats)
}

/// Skipping takes the same texts as reading, to the byte.
#[track_caller]
fn check_both_ways(text: &str) {
    let read = read(text);
    let mut reader = Reader::new(text);
    let skipped = reader.skip().and_then(|skipped| reader.end().map(|()| skipped));
    assert_eq!(read.as_ref().err(), skipped.as_ref().err(), "{text}");
    if let Ok(skipped) = skipped {
        assert_eq!(skipped, text.trim_matches([' ', '\n', '\r', '\t']));
    }
    let read = read.ok();
    if read.as_ref().is_none_or(|read| !read.to_string().contains(BEYOND)) {
        assert_eq!(read, expected(text), "{text}");
    }
}

#[track_caller]
fn check_refused(text: &str, offset: usize, rule: &'static str) {
    assert_eq!(read(text), Err(JsonError { offset, rule }), "{text}");
}

#[test]
fn what_is_not_json_is_refused_at_its_place() {
    check_refused("", 0, "unexpected end");
    check_refused("{bad", 1, "key must be a string");
    check_refused(r#"{"a":1,}"#, 7, "trailing comma");
    check_refused(r#"{"a" 1}"#, 5, "expected ':'");
    check_refused("[1 2]", 3, "expected ',' or ']'");
    check_refused("[1,]", 3, "trailing comma");
    check_refused("NaN", 0, "expected value");
    check_refused("[nan]", 1, "expected value");
    check_refused("01", 1, "invalid number");
    check_refused("1.", 2, "invalid number");
    check_refused("-", 1, "invalid number");
    check_refused("1 2", 2, "trailing characters");
    check_refused("\"a\nb\"", 2, "control character in a string");
    check_refused(r#""\ud800""#, 1, "lone surrogate");
    check_refused(r#""\x""#, 1, "invalid escape");
    check_refused("\"", 1, "unexpected end");
}

#[test]
fn depth_and_strings_are_bounded() {
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    assert!(read(&nested(limits::DEPTH)).is_ok());
    check_refused(&nested(limits::DEPTH + 1), limits::DEPTH, "nested too deeply");
    let mut reader = Reader::new("[[]]");
    assert!(reader.skip().is_ok());
    let million = "[".repeat(1_000_000);
    assert_eq!(
        Reader::new(&million).skip(),
        Err(JsonError { offset: limits::DEPTH, rule: "nested too deeply" })
    );
    let string = |length: usize, with: &str| format!("\"{}{with}\"", "x".repeat(length));
    assert!(read(&string(limits::STRING_BYTES, "")).is_ok());
    for with in ["", "\\n"] {
        check_refused(&string(limits::STRING_BYTES + 1, with), 0, "string too long");
    }
}

#[test]
fn numbers_beyond_f64_are_infinite() {
    assert_eq!(Reader::new("-1e999").number(), Ok(f64::NEG_INFINITY));
    assert_eq!(Reader::new("123456789012345").number(), Ok(123_456_789_012_345.0));
    assert_eq!(Reader::new("0.1").number(), Ok(0.1));
    assert!(Reader::new("-0").number().is_ok_and(f64::is_sign_negative));
}

fn json_like() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"a\"",
        "\"\\u00e9\\n\"",
        "\"\\ud83d\\ude00\"",
        "\"\\ud83d\"",
        "1",
        "-0",
        "1.5e3",
        "1e999",
        "0.",
        "01",
        "true",
        "false",
        "null",
        "tru",
        " ",
        "\n",
        "\"",
        "\\",
        "é",
        "-",
        "1E+2",
    ]);
    prop::collection::vec(token, 0..14).prop_map(|tokens| tokens.concat())
}

fn nested() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<f64>().prop_filter("JSON has none of the others", |x| x.is_finite()).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..5)
                .prop_map(|items| Value::Object(items.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn reads_what_serde_json_reads(text in json_like()) {
        check_both_ways(&text);
    }

    #[test]
    fn reads_what_is_json(value in nested(), pretty: bool, cut in any::<prop::sample::Index>()) {
        let text = if pretty { format!("{value:#}") } else { value.to_string() };
        check_both_ways(&text);
        let cut = cut.index(text.len() + 1);
        if let Some(part) = text.get(..cut) {
            check_both_ways(part);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn decimals_are_read_to_the_last_bit(text in r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?([eE][+-]?[0-9]{1,3})?") {
        let expected: f64 = text.parse().unwrap();
        prop_assert_eq!(Reader::new(&text).number().unwrap().to_bits(), expected.to_bits());
        prop_assert_eq!(Reader::number_of(&text).to_bits(), expected.to_bits());
    }

    #[test]
    fn an_expected_key_is_the_same_key(key in r#"(a|b|\\u0061|\\"|é){0,3}"#, space in " ?", expected in "[ab]{0,3}") {
        let text = format!("{{{space}\"{key}\"{space}:{space}1}}");
        let mut plain = Reader::new(&text);
        plain.begin_object().unwrap();
        let mut quick = plain.clone();
        let key = plain.next_key().unwrap().unwrap();
        match quick.next_key_of(Some(&expected)).unwrap() {
            NextKey::Expected => prop_assert_eq!(&key, &expected),
            NextKey::Other(other) => prop_assert_eq!(&key, &other),
            NextKey::End => prop_assert!(false, "there is a key"),
        }
        prop_assert_eq!(plain.number().unwrap(), quick.number().unwrap());
        prop_assert_eq!(quick.next_key_of(Some("a")).unwrap(), NextKey::End);
    }
}

#[test]
fn gaps_of_all_lengths_are_compared_to_the_last_byte() {
    for length in 0..40 {
        let text: Vec<u8> = (0..length).collect();
        let gap = Gap::new(&text);
        let longer = [&*text, &[b'1'; START]].concat();
        assert_eq!(gap.end(&longer, 0), Some(text.len()));
        for at in 0..text.len() {
            let mut other = longer.clone();
            other[at] ^= 1;
            assert_eq!(gap.end(&other, 0), None, "{length}, {at}");
        }
    }
}

#[test]
fn a_row_is_taken_by_the_gaps_of_another() {
    let (mut values, mut gaps) = (Vec::new(), Gaps::new());
    let mut reader = Reader::new(" {\"a\": 1, \"bb\":-2.5 }");
    assert!(reader.take_decimals(&["a", "bb"], &mut values, Some(&mut gaps)));
    assert!(reader.end().is_ok());
    assert_eq!(gaps.iter().map(|gap| gap.length).collect::<Vec<_>>(), [6, 7, 2]);
    let mut taken = |text| {
        let mut reader = Reader::new(text);
        let is_taken = reader.take_decimals_between(&gaps, &mut values);
        (is_taken, reader.since(0).len())
    };
    assert_eq!(taken("\n{\"a\": 30, \"bb\":0.25 }, {\"a\": 1, \"bb\""), (true, 22));
    for other in [
        "{\"a\": 1, \"bb\":2}",
        "{\"a\":1, \"bb\":2 }",
        "{\"a\": 1e3, \"bb\":2 }",
        "{\"a\": 1, \"bc\":2 }",
        "{\"a\": 1",
    ] {
        assert_eq!(taken(other), (false, 0), "{other}");
    }
    assert_eq!(values[..4], [1.0, -2.5, 30.0, 0.25]);
}
