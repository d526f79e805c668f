//! Broken lines of CSV, and codings stated in them.

use serde_json::json;

use super::{FIRST, NAMES, check_error, csv};
use crate::limits;

#[test]
fn a_column_of_csv_may_state_the_coding() {
    let ambiguous = "50,0,2,120,200,0,1,160,0,1.0,1,0,3";
    let answer = csv(format!("{NAMES},encoding\n{ambiguous},kaggle\n{ambiguous},\"uci\"\n"));
    assert_eq!(answer.json["encodings"], json!(["kaggle", "uci"]));
    let unknown = csv(format!("{NAMES},encoding\n{ambiguous},other\n"));
    check_error(&unknown, 400, "line 2, column encoding: Input should be 'uci' or 'kaggle'");
}

#[test]
fn broken_lines_name_line_and_column() {
    let integer = "Input should be a valid integer";
    let text = format!("{integer}, unable to parse string as an integer");
    let with = |lines: &str| format!("{NAMES}\n{FIRST}\n\n{lines}\n");
    let cases = [
        (with(&FIRST.replace("63", "old")), format!("line 4, column age: {text}")),
        (with(&FIRST.replace("63", "63.5")), format!("line 4, column age: {text}")),
        (with(&FIRST.replace("63", "0x3f")), format!("line 4, column age: {text}")),
        (with(&FIRST.replace("63", "inf")), format!("line 4, column age: {text}")),
        (with(&FIRST.replace("63", "")), "line 4, column age: Field required".to_owned()),
        (with(&FIRST.replace("2.3", "NaN")), "line 4, column oldpeak: Field required".to_owned()),
        (
            with(&FIRST.replace("2.3", "1e400")),
            "line 4, column oldpeak: Input should be a finite number".to_owned(),
        ),
        (
            with(&FIRST.replace("63", "130")),
            "line 4, column age: Input should be less than or equal to 120".to_owned(),
        ),
        (with("1,2"), "line 4: Input should have 13 values, not 2".to_owned()),
        (with(&format!("{FIRST},1")), "line 4: Input should have 13 values, not 14".to_owned()),
        (with("\"63\" ,1"), "line 4: Text behind a cell in quotes".to_owned()),
        (with("6\"3,1"), "line 4: A quote inside a cell that does not stand in quotes".to_owned()),
        (with("1,\"63\n\n"), "line 4: A cell in quotes does not end".to_owned()),
        (
            format!("{NAMES}\r\n\"6\n3\",1\r\n1,2\r\n"),
            "line 2: Input should have 13 values, not 2; line 4: Input should have 13 values, not 2"
                .to_owned(),
        ),
        (NAMES.to_owned(), "line 1: There should be at least one row".to_owned()),
        (String::new(), "line 1: There should be a line with the names of the columns".to_owned()),
        (format!("{NAMES},thal\n{FIRST},6"), "line 1, column thal: Field given twice".to_owned()),
        (format!("\n{}\n", NAMES.replace("ca,", "")), "line 2, column ca: Field required".to_owned()),
    ];
    for (body, message) in cases {
        check_error(&csv(&body), 400, &message);
    }
    check_error(&csv(FIRST), 400, "line 1: The first line should be the names of the columns");
    let invalid = [NAMES.as_bytes(), b"\n", FIRST.as_bytes(), b"\n\xff"].concat();
    check_error(&csv(invalid), 400, "line 3: Invalid UTF-8");
    check_error(&csv(",".repeat(limits::COLUMNS)), 413, "A table has at most 1024 columns");
    let many = format!("{NAMES}\n{}", "0\n".repeat(limits::BATCH_ROWS + 1));
    check_error(&csv(many), 413, "A request has at most 100000 rows");
}
