//! No bytes make the service panic or answer 5xx.

use proptest::prelude::*;

use super::*;

/// The first row with a part of its text replaced.
fn damaged_row() -> impl Strategy<Value = Vec<u8>> {
    (0..FIRST_ROW.len(), 0..40_usize, proptest::collection::vec(any::<u8>(), 0..12)).prop_map(
        |(start, length, bytes)| {
            let mut row = FIRST_ROW.as_bytes().to_vec();
            row.splice(start..(start + length).min(FIRST_ROW.len()), bytes);
            row
        },
    )
}

/// A row whose values are any JSON scalars.
fn random_row() -> impl Strategy<Value = Vec<u8>> {
    let value = prop_oneof![
        any::<f64>()
            .prop_filter("JSON has none of the others", |x| x.is_finite())
            .prop_map(|x| x.to_string()),
        (-2..9_i32).prop_map(|x| x.to_string()),
        Just("1e999".to_owned()),
        "\"[ -~&&[^\"\\\\]]{0,6}\"",
        prop_oneof![Just("null"), Just("true"), Just("[]")].prop_map(str::to_owned),
    ];
    proptest::collection::vec(value, 13).prop_map(|values| {
        let names = heart().features().map(|feature| feature.name());
        let fields: Vec<_> = names.zip(values).map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", fields.join(",")).into_bytes()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn any_bytes_are_answered(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        for path in ["/predict", "/predict/batch"] {
            let answer = post(path, &body);
            prop_assert!(answer.status < 500 && answer.json.is_object());
        }
    }

    #[test]
    fn any_row_is_answered(row in prop_oneof![damaged_row(), random_row()]) {
        let single = post("/predict", &row);
        prop_assert!([200, 422].contains(&single.status) && single.json.is_object());
        let batch = [&b"{\"patients\":["[..], &row, b"]}"].concat();
        let batch = post("/predict/batch", batch);
        prop_assert!([200, 422].contains(&batch.status) && batch.json.is_object());
        if single.status == 200 && batch.status == 200 && batch.json["count"] == 1 {
            prop_assert_eq!(&batch.json["predictions"][0], &single.json);
        }
    }

    #[test]
    fn any_method_and_path_are_answered(method in "[A-Z]{1,8}", path in "/[ -~]{0,30}") {
        let answer = ask(&service(), &request(&method, &path, b""));
        prop_assert!(answer.status < 500);
    }
}
