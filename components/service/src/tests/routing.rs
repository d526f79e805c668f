//! Paths, methods and the path that the component is mounted under.

use portent_event::{ErrorType, ROUTES, Route};

use super::*;

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    let (_, value) = answer.response.headers.iter().find(|(key, _)| *key == name)?;
    Some(value)
}

fn mounted(base: &str, method: &str, path: &str, body: &str) -> Answer {
    let headers = [("spin-component-route".to_owned(), base.as_bytes().to_vec())];
    ask(&service(), &Request { headers: &headers, ..request(method, path, body.as_bytes()) })
}

#[test]
fn every_route_refuses_other_methods_and_says_which_it_has() {
    for info in ROUTES {
        let path = info.route.as_str().replace("{model}", "logistic_regression");
        let wrong = ask(&service(), &request("DELETE", &path, b""));
        assert_eq!((wrong.status, wrong.event.route), (405, info.route), "{path}");
        assert_eq!(wrong.event.error, Some(ErrorType::MethodNotAllowed));
        let allow = header(&wrong, "allow").unwrap().to_owned();
        assert!(allow.contains(info.method.as_str()), "{path}: {allow}");
        let options = ask(&service(), &request("OPTIONS", &path, b""));
        assert_eq!((options.status, header(&options, "allow")), (204, Some(allow.as_str())));
        assert!(options.response.body.is_empty());
    }
}

#[test]
fn head_is_get_without_a_body() {
    let answer = ask(&service(), &request("HEAD", "/health", b""));
    assert_eq!((answer.status, answer.response.body.len()), (200, 0));
    assert_eq!(ask(&service(), &request("HEAD", "/predict", b"")).status, 405);
}

#[test]
fn a_slash_too_many_is_redirected_with_its_query() {
    let answer = ask(&service(), &request("POST", "/predict/?explain=true", b"{}"));
    assert_eq!((answer.status, header(&answer, "location")), (307, Some("/predict?explain=true")));
    assert_eq!(answer.event.route, Route::Unmatched);
    let mounted = mounted("/hvs", "GET", "/hvs/health/", "");
    assert_eq!(header(&mounted, "location"), Some("/hvs/health"));
    assert_eq!(ask(&service(), &request("GET", "//evil.example/", b"")).status, 404);
}

#[test]
fn escapes_in_paths_are_decoded() {
    let instances = format!("{{\"instances\":[{FIRST_ROW}]}}");
    let plain = post("/v1/models/logistic_regression:predict", &instances);
    for path in [
        "/v1/models/logistic_regression%3Apredict",
        "/v1/models/logistic_regression%3apredict",
        "/v1/models/%6Cogistic_regression:predict",
    ] {
        let answer = post(path, &instances);
        assert_eq!((answer.status, answer.event.route), (200, Route::V1Predict), "{path}");
        assert_eq!(answer.json, plain.json);
    }
    assert_eq!(post("/pre%64ict", FIRST_ROW).status, 200);
    assert_eq!(get("/v2/models/logistic%5Fregression/ready").event.route, Route::V2ModelReady);
    assert_eq!(get("/v2/models/%25").event.route, Route::V2Model);
    let redirected = ask(&service(), &request("GET", "/v1/models/a%20b%C3%A9/?x=1", b""));
    assert_eq!(
        (redirected.status, header(&redirected, "location")),
        (307, Some("/v1/models/a%20b%C3%A9?x=1"))
    );
    for nonsense in ["%", "%4", "%zz", "%2F", "%00", "%0a", "%ff", "%E2%82", "%u0041", "%+1", "%é"] {
        let answer = get(&format!("/v1/models/x{nonsense}"));
        assert_eq!((answer.status, answer.event.route), (404, Route::Unmatched), "{nonsense}");
    }
}

#[test]
fn routes_are_found_below_the_path_of_the_component() {
    let plain = post("/predict", FIRST_ROW).json;
    for base in ["/hvs", "/hvs/", "/a/b"] {
        let path = format!("{}/predict", base.trim_end_matches('/'));
        let answer = mounted(base, "POST", &path, FIRST_ROW);
        assert_eq!(
            (answer.status, answer.event.route, &answer.json),
            (200, Route::Predict, &plain),
            "{base}"
        );
    }
    assert_eq!(mounted("/hvs", "GET", "/hvs", "").event.route, Route::Root);
    assert_eq!(mounted("/", "GET", "/health", "").event.route, Route::Health);
    let other = mounted("/hvs", "GET", "/hvsx/health", "");
    assert_eq!((other.status, other.event.route), (404, Route::Unmatched));
}

#[test]
fn errors_have_the_form_of_their_protocol() {
    let error = |path: &str| get(path).json;
    assert_eq!(error("/nothing"), serde_json::json!({ "detail": "Not Found" }));
    assert_eq!(error("/v2/nothing"), serde_json::json!({ "error": "Not Found" }));
    assert_eq!(error("/v1/models/x:predict"), serde_json::json!({ "error": "Method Not Allowed" }));
    assert_eq!(
        error("/invocations"),
        serde_json::json!({ "error_code": "BAD_REQUEST", "message": "Method Not Allowed" })
    );
}
