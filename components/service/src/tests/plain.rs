//! Rows whose fields come in the order of the features are read another way than others, to the same answers.

use proptest::prelude::*;

use super::*;

/// Texts of values: some that are read at once and keep the rules, some that break them, some that are no JSON.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        20 => Just(String::new()),
        4 => (-3..70_i32).prop_map(|x| x.to_string()),
        2 => (-999..99_999_i32, 0..6_u32).prop_map(|(x, places)| format!("{x}.{:0places$}", 7, places = places as usize + 1)),
        2 => prop::sample::select(vec![
            "-0", "0", "-0.0", "1.0", "63.5", "6.3e1", "1e400", "9007199254740991", "9007199254740993", "99999999999999999999",
            "0.1234567890123456789", "145.00000000000001", "null", "true", "\"63\"", "\" 1\"", "[]", "{}", "01", "-", "1.", ".5", "+1",
            "1e", "--1", "0x1", "",
        ]).prop_map(str::to_owned),
    ]
}

/// The first row with other texts where they are not empty; the fields begin with the one at `first`.
fn row(texts: &[String], first: usize, separators: (&str, &str)) -> String {
    let own: serde_json::Map<String, Value> = serde_json::from_str(FIRST_ROW).unwrap();
    let mut fields: Vec<_> = heart().features().map(|feature| feature.name()).zip(texts).collect();
    fields.rotate_left(first);
    let (colon, comma) = separators;
    let fields = fields.into_iter().map(|(name, text)| match &**text {
        "" => format!("\"{name}\"{colon}{}", own[name]),
        text => format!("\"{name}\"{colon}{text}"),
    });
    format!("{{{}}}", fields.collect::<Vec<_>>().join(comma))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn the_order_of_fields_does_not_matter(
        texts in prop::collection::vec(text(), 13),
        separators in prop::sample::select(vec![(":", ","), (": ", ", "), (" :\n", "\t,\r\n ")]),
    ) {
        let [ordered, rotated] = [0, 1].map(|first| row(&texts, first, separators));
        for (path, before, after) in [("/predict", "", ""), ("/predict/batch", "{\"patients\":[", "]}")] {
            let [ordered, rotated] = [&ordered, &rotated].map(|row| post(path, format!("{before}{row}{after}")));
            prop_assert_eq!(ordered.status, rotated.status);
            // What is no JSON is told with its place, and rows are echoed as they are.
            if ordered.status == 200 {
                prop_assert_eq!(ordered.response.body, rotated.response.body);
                prop_assert_eq!(ordered.event.predictions, rotated.event.predictions);
            } else if ordered.json["detail"][0]["type"] != "json_invalid" {
                prop_assert_eq!(violations(&ordered), violations(&rotated));
            }
        }
    }
}

/// Rows of both ways, and broken ones between them, keep their places.
#[test]
fn rows_of_both_ways_keep_their_places() {
    let broken = row_with("age", "630");
    let (plain, other) = (FIRST_ROW.replacen("63", "64", 1), row_with("age", "65"));
    let rows = [FIRST_ROW, &broken, &plain, &other, &FIRST_ROW.replace("233", "-1"), &plain];
    let answer = post("/predict/batch", format!("{{\"patients\":[{}]}}", rows.join(",")));
    let places: Vec<_> = violations(&answer).into_iter().map(|(_, place)| place).collect();
    assert_eq!(places, ["body.patients.1.age", "body.patients.4.chol"]);
    let rows: Vec<_> = (0..600).map(|row| if row % 3 == 0 { &*other } else { &plain }).collect();
    let answer = post("/predict/batch", format!("{{\"patients\":[{}]}}", rows.join(",")));
    let single = [&plain, &other].map(|row| post("/predict", row).json);
    for (row, prediction) in answer.json["predictions"].as_array().unwrap().iter().enumerate() {
        assert_eq!(*prediction, single[usize::from(row % 3 == 0)], "row {row}");
    }
    assert_eq!(answer.json["count"], 600);
}
