//! The requests that the two services which this replaces were asked, with what they answered, and with what is
//! answered here. Every difference has a name, and `docs/differences.md` explains it.

mod heart;
mod hvs;

use super::*;

/// The page on differences.
const PAGE: &str = include_str!("../../../../docs/differences.md");

/// A number of ours agrees with one of the original within this: the models are fitted anew.
const TOLERANCE: f64 = 1e-4;

/// One request.
struct Case {
    name: &'static str,
    method: &'static str,
    path: &'static str,
    content_type: &'static str,
    body: String,
    /// Whether there is a model.
    with_model: bool,
    original: Expected,
    ours: Expected,
    /// Name of the difference between the two.
    difference: Option<&'static str>,
}

/// Status and body of an answer. The body is JSON in which `"…"` stands for any value, a string that ends with `…` for
/// any that begins with it, and a member `"…"` for any further members. A body that is not JSON is a string.
#[derive(Clone, Debug)]
struct Expected(u16, Value);

impl Case {
    fn get(name: &'static str, path: &'static str) -> Self {
        Self { method: "GET", content_type: "", ..Self::post(name, path, "") }
    }

    fn post(name: &'static str, path: &'static str, body: impl Into<String>) -> Self {
        let unknown = Expected(0, Value::Null);
        Self {
            name,
            method: "POST",
            path,
            content_type: "application/json",
            body: body.into(),
            with_model: true,
            original: unknown.clone(),
            ours: unknown,
            difference: None,
        }
    }

    fn without_model(self) -> Self {
        Self { with_model: false, ..self }
    }

    /// Both answer this.
    fn same(self, status: u16, body: Value) -> Self {
        Self { original: Expected(status, body.clone()), ours: Expected(status, body), ..self }
    }

    /// What the original answered; [`Self::ours`] says what is answered here, and under which name it is explained.
    fn original(self, status: u16, body: Value) -> Self {
        Self { original: Expected(status, body), ..self }
    }

    fn ours(self, status: u16, body: Value, difference: &'static str) -> Self {
        Self { ours: Expected(status, body), difference: Some(difference), ..self }
    }

    fn check(&self, with_model: &Service<'_>) {
        let without = Service::new(Config::default(), ModelState::Unavailable("none".to_owned()));
        let service = if self.with_model { with_model } else { &without };
        let headers = match self.content_type {
            "" => vec![],
            content_type => vec![("content-type".to_owned(), content_type.as_bytes().to_vec())],
        };
        let request = Request { headers: &headers, ..request(self.method, self.path, self.body.as_bytes()) };
        let answer = ask(service, &request);
        let body = serde_json::from_slice(&answer.response.body)
            .unwrap_or_else(|_| String::from_utf8_lossy(&answer.response.body).into());
        assert!(self.ours.is(answer.status, &body), "{}: {} {body}", self.name, answer.status);
        let is_as_before = self.original.is(answer.status, &body);
        assert_eq!(is_as_before, self.difference.is_none(), "{}: is there a difference?", self.name);
    }
}

impl Expected {
    fn is(&self, status: u16, body: &Value) -> bool {
        self.0 == status && matches(&self.1, body)
    }
}

fn matches(expected: &Value, value: &Value) -> bool {
    match (expected, value) {
        (Value::String(any), _) if any == "…" => true,
        (Value::String(expected), Value::String(text)) => match expected.strip_suffix('…') {
            Some(prefix) => text.starts_with(prefix),
            None => expected == text,
        },
        (Value::Number(expected), Value::Number(number)) => {
            let difference = expected.as_f64().unwrap() - number.as_f64().unwrap();
            expected == number || (expected.is_f64() && difference.abs() <= TOLERANCE)
        }
        (Value::Array(expected), Value::Array(values)) => {
            expected.len() == values.len() && expected.iter().zip(values).all(|(e, v)| matches(e, v))
        }
        (Value::Object(expected), Value::Object(members)) => {
            let is_open = expected.contains_key("…");
            (is_open || expected.len() == members.len())
                && expected
                    .iter()
                    .filter(|(name, _)| *name != "…")
                    .all(|(name, expected)| members.get(name).is_some_and(|value| matches(expected, value)))
        }
        _ => expected == value,
    }
}

#[track_caller]
fn replay(service: &Service<'_>, section: &str, cases: &[Case]) {
    for case in cases {
        case.check(service);
    }
    let section = PAGE.split("\n## ").find(|text| text.starts_with(section)).unwrap();
    let mut explained: Vec<_> =
        section.split("\n| **").skip(1).map(|row| row.split("**").next().unwrap()).collect();
    let mut named: Vec<_> = cases.iter().filter_map(|case| case.difference).collect();
    explained.sort_unstable();
    named.sort_unstable();
    named.dedup();
    assert_eq!(named, explained, "what differs, and what the page explains");
}

#[test]
fn templates_match_what_they_say() {
    let cases = [
        ("{\"a\":1,\"b\":\"…\"}", "{\"a\":1,\"b\":[]}", true),
        ("{\"a\":1}", "{\"a\":1,\"b\":2}", false),
        ("{\"a\":1,\"…\":0}", "{\"a\":1,\"b\":2}", true),
        ("{\"a\":1,\"…\":0}", "{\"b\":2}", false),
        ("[0.5,\"x…\"]", "[0.50001,\"xyz\"]", true),
        ("[0.5]", "[0.51]", false),
        ("[1]", "[1.00001]", false),
        ("[]", "[1]", false),
    ];
    for (expected, value, is) in cases {
        let [expected, value] = [expected, value].map(|text| serde_json::from_str(text).unwrap());
        assert_eq!(matches(&expected, &value), is, "{expected} {value}");
    }
}
