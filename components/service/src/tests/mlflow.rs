//! MLflow's scoring protocol: data frames, tensors and CSV.

mod csv;

use serde_json::json;

use super::*;

const NAMES: &str = "age,sex,cp,trestbps,chol,fbs,restecg,thalach,exang,oldpeak,slope,ca,thal";
const FIRST: &str = "63,1,1,145,233,1,2,150,0,2.3,3,0,6";
const SECOND: &str = "67,1,4,160,286,0,2,108,1,1.5,2,3,3";

fn invoke(content_type: &str, body: &[u8]) -> Answer {
    invoke_at("/invocations", content_type, body)
}

fn invoke_at(path: &str, content_type: &str, body: &[u8]) -> Answer {
    let headers = [("Content-Type".to_owned(), content_type.as_bytes().to_vec())];
    ask(&service(), &Request { headers: &headers, ..request("POST", path, body) })
}

fn json_body(body: impl AsRef<[u8]>) -> Answer {
    invoke("application/json", body.as_ref())
}

fn csv(body: impl AsRef<[u8]>) -> Answer {
    invoke("text/csv", body.as_ref())
}

/// A data frame in the split orientation.
fn split(names: &str, rows: &[&str]) -> String {
    let names: Vec<_> = names.split(',').collect();
    let rows: Vec<_> = rows.iter().map(|row| format!("[{row}]")).collect();
    format!(
        "{{\"dataframe_split\":{{\"index\":[0],\"data\":[{}],\"columns\":{}}}}}",
        rows.join(","),
        json!(names)
    )
}

/// A tensor a column.
fn columns(rows: &[&str]) -> String {
    let rows: Vec<Vec<_>> = rows.iter().map(|row| row.split(',').collect()).collect();
    let column = |(index, name): (usize, &str)| {
        let values: Vec<_> = rows.iter().map(|row| row[index]).collect();
        format!("\"{name}\":[{}]", values.join(","))
    };
    let columns: Vec<_> = NAMES.split(',').enumerate().map(column).collect();
    format!("{{\"inputs\":{{{}}}}}", columns.join(","))
}

#[track_caller]
fn check_error(answer: &Answer, status: u16, message: &str) {
    let expected = json!({ "error_code": "BAD_REQUEST", "message": message });
    assert_eq!((answer.status, &answer.json), (status, &expected));
}

#[test]
fn all_forms_of_data_give_the_same_predictions() {
    let two = [FIRST, SECOND];
    let second =
        row_with("age", "67").replace("\"chol\":233", "\"chol\":286").replace("\"cp\":1", "\"cp\":4");
    let second = second.replace("\"ca\":0", "\"ca\":3");
    let bodies = [
        split(NAMES, &two),
        format!("{{\"dataframe_records\":[{FIRST_ROW},{second}]}}"),
        format!("{{\"instances\":[{FIRST_ROW},{second}]}}"),
        format!("{{\"instances\":[[{FIRST}],[{SECOND}]]}}"),
        format!("{{\"inputs\":[[{FIRST}],[{SECOND}]],\"signature_name\":\"x\"}}"),
        columns(&two),
    ];
    for body in bodies {
        let answer = json_body(&body);
        assert_eq!((answer.status, answer.json), (200, json!({ "predictions": [0, 1] })), "{body}");
    }
    for lines in
        [format!("{NAMES}\n{FIRST}\n{SECOND}\n"), format!("\u{feff}{NAMES}\r\n\r\n{FIRST}\r\n{SECOND}")]
    {
        assert_eq!(csv(&lines).json, json!({ "predictions": [0, 1] }), "{lines}");
        let lines = lines.trim_end().to_owned() + "\n  \n\t";
        assert_eq!(csv(&lines).json, json!({ "predictions": [0, 1] }), "{lines:?}");
    }
}

#[test]
fn columns_are_found_by_name_and_others_passed_over() {
    let (first, rest) = (FIRST.split_once(',').unwrap().1, NAMES.split_once(',').unwrap().1);
    let body = split(&format!("patient,{rest},age,note"), &[&format!("\"x\",{first},63.0,null")]);
    assert_eq!(json_body(body).json, json!({ "predictions": [0] }));
    let lines = format!(",{rest},\"age\",\"no\"\"te\"\n0,{first},\"63.0\",\"a, \"\"quoted\"\"\nnote\"\n");
    assert_eq!(csv(lines).json, json!({ "predictions": [0] }));
}

#[test]
fn parameters_ask_for_probabilities_and_explanations() {
    let plain = post("/predict?explain=true", FIRST_ROW).json;
    let body =
        format!("{{\"instances\":[[{FIRST}]],\"params\":{{\"probabilities\":true,\"explain\":true}}}}");
    let answer = json_body(body).json;
    assert_eq!(answer["predictions"][0][0], plain["confidence"]);
    assert_eq!(answer["explanations"], json!([plain["explanation"]]));
    let lines = format!("{NAMES}\n{FIRST}");
    let by_query = invoke_at("/invocations?probabilities=true&explain=true", "text/csv", lines.as_bytes());
    assert_eq!(by_query.json, answer);
}

#[test]
fn broken_frames_name_place_and_rule() {
    let without_age = NAMES.split_once(',').unwrap().1;
    let integer = "Input should be a valid integer";
    let cases = [
        (split(without_age, &[FIRST]), "dataframe_split.columns.age: Field required".to_owned()),
        (
            split(&format!("{NAMES},age"), &[FIRST]),
            "dataframe_split.columns.age: Field given twice".to_owned(),
        ),
        (
            split(NAMES, &[FIRST, "1,2"]),
            "dataframe_split.data[1]: Input should have 13 values, not 2".to_owned(),
        ),
        (split(NAMES, &[&FIRST.replace("63", "\"63\"")]), format!("dataframe_split.data[0].age: {integer}")),
        (split(NAMES, &[&FIRST.replace("63", "null")]), format!("dataframe_split.data[0].age: {integer}")),
        (split(NAMES, &[]), "dataframe_split.data: There should be at least one row".to_owned()),
        (
            r#"{"dataframe_split":{"data":[]}}"#.to_owned(),
            "dataframe_split.columns: Field required".to_owned(),
        ),
        (
            r#"{"dataframe_split":{"columns":[]}}"#.to_owned(),
            "dataframe_split.data: Field required".to_owned(),
        ),
        (
            r#"{"dataframe_split":[]}"#.to_owned(),
            "dataframe_split: Input should be a valid dictionary or object to extract fields from".to_owned(),
        ),
        (
            r#"{"dataframe_split":{"columns":{},"data":[]}}"#.to_owned(),
            "dataframe_split.columns: Input should be a valid list".to_owned(),
        ),
        (
            split(NAMES, &[]).replace("[]", "[{}]"),
            "dataframe_split.data[0]: Input should be a valid list".to_owned(),
        ),
        (
            format!("{{\"dataframe_records\":[[{FIRST}]]}}"),
            "dataframe_records[0]: Input should be a valid dictionary or object to extract fields from"
                .to_owned(),
        ),
        (
            format!("{{\"instances\":[[{FIRST}],{FIRST_ROW}]}}"),
            "instances[1]: A request holds rows as objects or rows as lists, not both".to_owned(),
        ),
        (
            columns(&[&FIRST.replace("63", "63.5")]),
            format!("inputs[0].age: {integer}, got a number with a fractional part"),
        ),
        (
            columns(&[FIRST]).replace("[63]", "[63,64]"),
            "inputs: All columns should have the same number of values".to_owned(),
        ),
        (columns(&[FIRST]).replace("\"age\"", "\"Age\""), "inputs.age: Field required".to_owned()),
        (columns(&[FIRST]).replace("[63]", "63"), "inputs.age: Input should be a valid list".to_owned()),
        (columns(&[]), "inputs: There should be at least one row".to_owned()),
        (r#"{"inputs":7}"#.to_owned(), "inputs: Input should be a valid list".to_owned()),
    ];
    for (body, message) in cases {
        check_error(&json_body(&body), 400, &message);
    }
}

#[test]
fn a_request_has_exactly_one_member_with_data() {
    let one = "Input should be an object with exactly one of \
               dataframe_split, dataframe_records, instances and inputs";
    for body in ["{}", "[]", "7", r#"{"instances":[],"inputs":[]}"#, r#"{"columns":[],"data":[]}"#] {
        check_error(&json_body(body), 400, one);
    }
    check_error(&json_body(r#"{"inputs":[],"inputs":[]}"#), 400, "inputs: Field given twice");
    check_error(&json_body("{"), 400, "the body is not JSON at byte 1: unexpected end");
    check_error(&json_body(b"\xff"), 400, "the body is not JSON at byte 0: invalid UTF-8");
}

#[test]
fn content_types_are_those_of_mlflow() {
    let lines = format!("{NAMES}\n{FIRST}");
    for content_type in
        ["text/csv", "text/csv; charset=utf-8", "TEXT/CSV;charset=\"UTF-8\"", "text/csv; header=present"]
    {
        assert_eq!(invoke(content_type, lines.as_bytes()).status, 200, "{content_type}");
    }
    let type_text = "Content-Type is not supported; send application/json or text/csv";
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "", "application/csv"] {
        check_error(&invoke(content_type, lines.as_bytes()), 415, type_text);
    }
    let charset = "The charset is not supported; send UTF-8";
    check_error(&invoke("text/csv; charset=latin-1", lines.as_bytes()), 415, charset);
    assert_eq!(post("/invocations", split(NAMES, &[FIRST])).status, 200, "JSON where none is named");
}

#[test]
fn ping_and_version_answer_as_probes_expect() {
    let ping = get("/ping");
    assert_eq!((ping.status, ping.response.body.len()), (200, 0));
    let version = get("/version");
    assert_eq!((version.status, version.response.body), (200, env!("CARGO_PKG_VERSION").into()));
    let service = Service::new(Config::default(), ModelState::Unavailable("checksum mismatch".to_owned()));
    let without = |method, path| ask(&service, &request(method, path, b"{}"));
    assert_eq!([without("GET", "/ping").status, without("GET", "/version").status], [503, 200]);
    let unavailable = json!({ "error_code": "TEMPORARILY_UNAVAILABLE", "message": "Model not loaded" });
    assert_eq!(without("POST", "/invocations").json, unavailable);
}
