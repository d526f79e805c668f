//! Components of a few instructions.

use super::*;
use crate::engine::WasiVersion;

/// A component whose handler has this body.
fn component(body: &str) -> Vec<u8> {
    let text = format!(
        r#"(component
          (import "wasi:http/types@0.2.0" (instance $types
            (export "incoming-request" (type (sub resource)))
            (export "response-outparam" (type (sub resource)))))
          (alias export $types "incoming-request" (type $request))
          (alias export $types "response-outparam" (type $out))
          (core module $module
            (memory 1)
            (func (export "handle") (param i32 i32) {body}))
          (core instance $code (instantiate $module))
          (func $handle (param "request" (own $request)) (param "response-out" (own $out))
            (canon lift (core func $code "handle")))
          (component $shim
            (import "request" (type $request (sub resource)))
            (import "out" (type $out (sub resource)))
            (import "handle" (func $handle (param "request" (own $request)) (param "response-out" (own $out))))
            (export "handle" (func $handle)))
          (instance $handler (instantiate $shim
            (with "request" (type $request))
            (with "out" (type $out))
            (with "handle" (func $handle))))
          (export "wasi:http/incoming-handler@0.2.0" (instance $handler)))"#
    );
    ::wat::parse_str(text).unwrap()
}

const TRAP: &str = "unreachable";
const LOOP: &str = "(loop $again (br $again))";
const NOTHING: &str = "";
/// Traps if it gets all of the memory that it asks for, 64 KiB at a time up to 8 MiB; otherwise ends.
const GROW: &str = "(local $left i32) (local.set $left (i32.const 128))
    (loop $again
      (if (i32.lt_s (memory.grow (i32.const 1)) (i32.const 0)) (then return))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $again (local.get $left)))
    unreachable";

/// A trap is a 500 in JSON that says nothing of the inside, and a counted error.
#[tokio::test]
async fn a_trap_is_a_500_and_counted() {
    let fixture = Fixture::new(&component(TRAP), "", Options::default());
    let answer = fixture.send("POST", "/predict", b"{}").await;
    assert_eq!(answer.status, 500);
    assert_eq!(answer.text(), r#"{"detail":"the component failed"}"#);
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(fixture.failures(), [(Route::Predict, 500, ErrorType::Trap, false)]);
    assert_eq!(fixture.in_flight(), 0);
}

/// A handler that ends without an answer is a 500, not a connection that hangs.
#[tokio::test]
async fn no_answer_is_a_500() {
    let fixture = Fixture::new(&component(NOTHING), "", Options::default());
    let answer = fixture.get("/x").await;
    assert_eq!((answer.status, answer.text()), (500, r#"{"detail":"the component gave no answer"}"#));
    assert_eq!(fixture.failures(), [(Route::Unmatched, 500, ErrorType::Internal, false)]);
}

/// Endless computing ends at the time limit, on a runtime with one thread: it gives way all the while.
#[tokio::test]
async fn endless_computing_ends_at_the_time_limit() {
    let options = Options { request_timeout: Duration::from_millis(200), ..Options::default() };
    let fixture = Fixture::new(&component(LOOP), "", options);
    let answer = fixture.get("/predict").await;
    assert_eq!((answer.status, answer.text()), (504, r#"{"detail":"the component did not answer in time"}"#));
    assert_eq!(fixture.failures(), [(Route::Predict, 504, ErrorType::Timeout, false)]);
}

/// While a component computes without end, others of the same thread are answered.
#[tokio::test]
async fn others_are_answered_while_one_computes() {
    let options = Options { request_timeout: Duration::from_secs(5), ..Options::default() };
    let busy = Fixture::new(&component(LOOP), "", options);
    let quick = Fixture::new(&component(TRAP), "", Options::default());
    let others = async {
        for _ in 0..10 {
            assert_eq!(quick.get("/").await.status, 500);
        }
    };
    tokio::select! {
        _ = busy.get("/") => panic!("the others waited until the busy one was ended"),
        () = others => {}
    }
}

/// Memory beyond the limit is not granted.
#[tokio::test]
async fn memory_is_limited() {
    let limited = Options { instance_memory: 4 << 20, ..Options::default() };
    let fixture = Fixture::new(&component(GROW), "", limited);
    assert_eq!(fixture.get("/").await.text(), r#"{"detail":"the component gave no answer"}"#);
    let fixture = Fixture::new(&component(GROW), "", Options::default());
    assert_eq!(fixture.get("/").await.text(), r#"{"detail":"the component failed"}"#);
}

/// Beyond the limit requests wait; beyond the queue they are refused at once, and told when to come again.
#[tokio::test]
async fn more_than_the_queue_holds_is_refused() {
    let options = Options {
        concurrency: 1,
        queue: 1,
        request_timeout: Duration::from_millis(300),
        queue_timeout: Duration::from_millis(100),
        ..Options::default()
    };
    let fixture = Fixture::new(&component(LOOP), "", options);
    let (running, waiting, refused) =
        tokio::join!(fixture.get("/predict"), fixture.get("/predict"), fixture.get("/predict"));
    assert_eq!((running.status, waiting.status, refused.status), (504, 503, 503));
    assert_eq!(refused.headers["retry-after"], "1");
    assert_eq!(refused.text(), r#"{"detail":"too many requests at once, try again"}"#);
    let failures = fixture.failures();
    assert_eq!(failures[0], (Route::Predict, 503, ErrorType::Overloaded, false));
    assert_eq!(fixture.in_flight(), 0);
}

/// What a component imports and the host does not have is named at the start.
#[test]
fn an_unknown_import_is_named() {
    let wasm = ::wat::parse_str(
        r#"(component (import "fermyon:spin/key-value@2.0.0" (instance (export "get" (func)))))"#,
    );
    let error = Fixture::try_new(&wasm.unwrap(), "", Options::default()).err().unwrap().to_string();
    assert!(error.starts_with("component.it: "), "{error}");
    assert!(error.contains("fermyon:spin/key-value@2.0.0"), "{error}");
}

/// A file that is no component of HTTP is refused at the start.
#[test]
fn what_does_not_answer_http_is_refused() {
    let wasm = ::wat::parse_str("(component)").unwrap();
    let error = Fixture::try_new(&wasm, "", Options::default()).err().unwrap().to_string();
    assert!(error.contains("wasi:http/incoming-handler"), "{error}");
    assert!(Fixture::try_new(b"not wasm", "", Options::default()).is_err());
}

/// A directory that cannot be written to costs compile time, not the start.
#[test]
fn the_cache_is_no_condition() {
    let app = TempDir::new().unwrap();
    let path = app.path().join("file");
    fs::write(&path, "in the way").unwrap();
    let options = Options { cache_dir: Some(path.join("cache")), ..Options::default() };
    assert!(engine::build(&options, 1, WasiVersion::P2).is_ok());
}

fn exporting(name: &str) -> Vec<u8> {
    let text = format!("(component (instance $i) (export \"{name}\" (instance $i)))");
    ::wat::parse_str(text).unwrap()
}

/// A component's exports tell its version of WASI, whatever it imports or holds.
#[test]
fn exports_tell_the_version_of_wasi() {
    assert_eq!(WasiVersion::of(&exporting("wasi:http/handler@0.3.0")), WasiVersion::P3);
    assert_eq!(WasiVersion::of(&exporting("wasi:http/incoming-handler@0.2.0")), WasiVersion::P2);
    for text in [
        r#"(component (import "wasi:http/handler@0.3.0" (instance)))"#,
        r#"(component (component (instance $i) (export "wasi:http/handler@0.3.0" (instance $i))))"#,
    ] {
        assert_eq!(WasiVersion::of(&::wat::parse_str(text).unwrap()), WasiVersion::P2, "{text}");
    }
    let after = r#"(component (core module) (component) (instance $i) (export "wasi:http/handler@0.3.0" (instance $i)))"#;
    assert_eq!(WasiVersion::of(&::wat::parse_str(after).unwrap()), WasiVersion::P3);
}

#[test]
fn incomplete_and_foreign_bytes_have_a_version() {
    let whole = exporting("wasi:http/handler@0.3.0");
    for end in 0..whole.len() {
        assert!(matches!(WasiVersion::of(&whole[..end]), WasiVersion::P2 | WasiVersion::P3));
    }
    assert_eq!(WasiVersion::of(b"not wasm"), WasiVersion::P2);
    let preamble = *b"\0asm\x0d\0\x01\0";
    assert_eq!(
        WasiVersion::of(&[&preamble[..], &[11, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]].concat()),
        WasiVersion::P2
    );
}
