//! Whatever is wrong with a request, the answer is a 400 whose one text names place and rule, and no value.

use super::*;

/// The body as it is.
#[track_caller]
fn check_text(body: &str, expected: &str) {
    check_refused(&post(INFER, body), expected);
}

/// A good request with one member of its input replaced, or removed where that is null.
#[track_caller]
fn check_input(member: &str, value: Value, expected: &str) {
    let mut input = matrix(&ROWS[..2]);
    input[member] = value;
    let input = input.as_object().unwrap().iter().filter(|(_, value)| !value.is_null());
    let input: serde_json::Map<_, _> = input.map(|(key, value)| (key.clone(), value.clone())).collect();
    check_refused(&infer(&json!({ "inputs": [input] })), expected);
}

/// A good request with another member.
#[track_caller]
fn check_member(member: &str, value: impl Into<Value>, expected: &str) {
    check_refused(&infer(&json!({ "inputs": [matrix(&ROWS[..2])], member: value.into() })), expected);
}

#[test]
fn bodies_that_are_no_request() {
    check_text("", "The body is empty");
    check_text("[]", "the body: is an object");
    check_text("{", "the body is not JSON at byte 1: unexpected end");
    check_text("{} {}", "the body is not JSON at byte 3: trailing characters");
    check_text(r#"{"inputs":NaN}"#, "the body is not JSON at byte 10: expected value");
    check_text("{}", "inputs: is required");
    check_text(r#"{"inputs":[]}"#, "inputs: is empty");
    check_text(r#"{"inputs":{}}"#, "inputs: is a list");
    check_text(r#"{"inputs":null}"#, "inputs: is a list");
    check_text(r#"{"inputs":[7]}"#, "inputs[0]: is an object");
    check_text(r#"{"inputs":[],"inputs":[]}"#, "the body: has inputs twice");
    check_refused(&post(INFER, b"{\"id\":\"\xff\"}"), "The body is not UTF-8 at byte 7");
    check_text(&"[".repeat(100_000), "the body: is an object");
    check_text(
        &format!("{{\"x\":{}", "[".repeat(100_000)),
        "the body is not JSON at byte 68: nested too deeply",
    );
    let many = format!(
        "{{\"inputs\":[{}0]}}",
        r#"{"name":"a","shape":[1],"datatype":"BOOL","data":[]},"#.repeat(2_000)
    );
    check_text(&many, "inputs: has at most 1024 elements");
}

#[test]
fn members_of_the_request() {
    check_member("id", json!(7), "id: is a string");
    check_member("id", json!("x".repeat(1025)), "id: has at most 1024 bytes");
    check_member("parameters", json!([]), "parameters: is an object");
    check_member("parameters", json!({ "explain": "yes" }), "parameters.explain: is true or false");
    check_member("parameters", json!({ "encoding": 1 }), "parameters.encoding: is a string");
    check_member(
        "parameters",
        json!({ "binary_data_output": 1 }),
        "parameters.binary_data_output: is true or false",
    );
    check_member("outputs", json!({}), "outputs: is a list");
    check_member("outputs", json!([{}]), "outputs[0].name: is required");
    let names = "there are predict, predict_proba, label, contributions, contributions_base";
    check_member(
        "outputs",
        json!([{ "name": "nothing" }]),
        &format!("outputs[0].name: there is no output 'nothing'; {names}"),
    );
    check_member(
        "outputs",
        json!([{ "name": "<b>" }]),
        &format!("outputs[0].name: there is no output; {names}"),
    );
    check_member(
        "outputs",
        json!([{ "name": "label" }, { "name": "label" }]),
        "outputs[1].name: is asked for twice",
    );
    let classes =
        |name: &str, count: Value| json!([{ "name": name, "parameters": { "classification": count } }]);
    let place = "outputs[0].parameters.classification";
    check_member("outputs", classes("predict", json!(1)), &format!("{place}: is for predict_proba"));
    check_member(
        "outputs",
        classes("predict_proba", json!(-1)),
        &format!("{place}: is a whole number from 0 to 4294967295"),
    );
    let shared = json!([{ "name": "predict", "parameters": { "shared_memory_region": "a" } }]);
    check_member("outputs", shared, "outputs[0]: shared_memory_region: shared memory is not offered");
    let query = post(&format!("{INFER}?explain=maybe"), json!({ "inputs": [matrix(&ROWS)] }).to_string());
    check_refused(&query, "explain: Input should be a valid boolean, unable to interpret input");
}

#[test]
fn members_of_an_input() {
    let null = Value::Null;
    for member in ["name", "shape", "datatype", "data"] {
        check_input(member, null.clone(), &format!("inputs[0].{member}: is required"));
    }
    check_input("name", json!(1), "inputs[0].name: is a string");
    check_input(
        "datatype",
        json!("FP128"),
        "inputs[0].datatype: is one of BOOL, UINT8 to UINT64, INT8 to INT64, FP16, BF16, FP32, FP64 and BYTES",
    );
    let whole = "inputs[0].shape: is a whole number from 0 to 4294967295";
    for dimension in [json!(-1), json!(1.5), json!("2"), json!(1e300), json!(5_000_000_000_u64), json!([2])] {
        check_input("shape", json!([dimension, 13]), whole);
    }
    for shape in [json!([]), json!([2, 13, 1]), json!(26), json!("x")] {
        check_input("shape", shape, "inputs[0].shape: is a list of one or two dimensions");
    }
    let width = "inputs[0].shape: should be [n,13]: 13 features a row";
    for shape in [json!([26]), json!([2, 12]), json!([13, 2]), json!([1, 26])] {
        check_input("shape", shape, width);
    }
    let length = |elements: u64| {
        format!("inputs[0]: its data are not the {elements} elements, flat or nested, that its shape says")
    };
    check_input("shape", json!([1, 13]), &length(13));
    check_input("shape", json!([3, 13]), &length(39));
    check_input("shape", json!([4_294_967_295_u64, 13]), &length(4_294_967_295 * 13));
    for data in [json!(7), json!({}), json!("x"), json!([[1], [2]]), json!([ROWS[0].to_vec()])] {
        check_input("data", data, &length(26));
    }
    let shared = json!({ "shared_memory_region": "a", "shared_memory_byte_size": 8 });
    check_input(
        "parameters",
        shared,
        "inputs[0].parameters.shared_memory_region: shared memory is not offered",
    );
    check_input(
        "parameters",
        json!({ "binary_data_size": 8 }),
        "inputs[0].data: cannot stand beside binary_data_size",
    );
}

#[test]
fn nested_data_agree_with_the_shape() {
    let nested = |lengths: &[usize]| {
        let long = [ROWS[0], ROWS[1]].concat();
        lengths.iter().map(|length| json!(long[..*length])).collect::<Value>()
    };
    let expected = "inputs[0]: its data are not the 26 elements, flat or nested, that its shape says";
    for lengths in [&[12, 14][..], &[14, 12], &[13, 12], &[12, 13, 1], &[13], &[13, 13, 0], &[0, 13, 13]] {
        check_input("data", nested(lengths), expected);
    }
    let values = ROWS[1].map(Value::from);
    let mixed = [&[json!(ROWS[0].to_vec())], &values[..]].concat();
    check_input("data", mixed.into(), expected);
    let mixed = [&values[..], &[json!(ROWS[0].to_vec())]].concat();
    check_input("data", mixed.into(), expected);
}

#[test]
fn tensors_of_features() {
    let column = |name: &str| tensor(name, "FP64", &[1], json!([1.0]));
    let all = || names().into_iter().map(column).collect::<Vec<_>>();
    let check =
        |inputs: Vec<Value>, expected: &str| check_refused(&infer(&json!({ "inputs": inputs })), expected);
    let mut inputs = all();
    inputs.push(column("extra"));
    check(inputs, "inputs[13].name: is not a feature: 'extra'");
    let mut inputs = all();
    inputs[3]["name"] = json!("no name at all");
    check(inputs, "inputs[3].name: is not a feature");
    let mut inputs = all();
    inputs[3] = column("age");
    check(inputs, "inputs[3].name: is given twice");
    let mut inputs = all();
    inputs[3]["shape"] = json!([1, 2]);
    check(inputs, "inputs[3].shape: should be [n] or [n,1]: a tensor a feature");
    let mut inputs = all();
    inputs[3]["shape"] = json!([2]);
    check(inputs, "inputs[3].shape: should have as many rows as the first input, 1");
    let mut inputs = all();
    inputs.truncate(11);
    check(inputs, "inputs.ca: Field required; inputs.thal: Field required");
    check(vec![column("age"), column("sex")].drain(..1).collect(), &{
        let missing = names().into_iter().skip(1).map(|name| format!("inputs.{name}: Field required"));
        let mut missing: Vec<_> = missing.collect();
        missing.truncate(10);
        missing.join("; ") + "; and 2 more"
    });
}
