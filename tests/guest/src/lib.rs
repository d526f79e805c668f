//! A component that behaves well and badly on demand: one behaviour a path.
//!
//! | path | behaviour |
//! |---|---|
//! | `/hello` | answers `hello`, as little as a component can do |
//! | `/echo` | answers with the request's body |
//! | `/headers` | answers with the request's headers, one a line |
//! | `/state` | answers with the number of requests this instance has seen |
//! | `/trap`, `/no-answer` | ends without an answer |
//! | `/trap-after` | answers, then traps |
//! | `/trap-mid` | answers with half of a body, then traps |
//! | `/busy?ms=` | computes for so long, for ever without `ms`, then answers |
//! | `/sleep?ms=` | waits for so long, then answers |
//! | `/busy-after?ms=`, `/sleep-after?ms=` | answers, then computes or waits |
//! | `/grow?mb=` | allocates and touches so much, then answers |
//! | `/big?mb=` | answers with so much |
//! | `/leak` | answers and forgets a resource |
//! | `/print?text=`, `/tear?text=`, `/complain?text=` | prints a line, a line without its end, a line to stderr |
//! | `/outbound?url=` | answers with the status and body of that URL, or the error |
//! | `/deliver?to=` | posts its request's body there, written before it is sent, and answers with the status |
//! | `/file?path=`, `/list?path=` | answers with the file's content, or the directory's names |
//! | `/write?path=` | tries to write a file |
//! | `/variable?name=`, `/env?name=` | answers with the variable, or the error |
//! | `/connect?addr=` | tries a raw TCP connection |
#![cfg(target_family = "wasm")]
#![expect(unsafe_code, reason = "the Spin SDK's macro turns resource handles of one binding into another's")]
#![expect(clippy::panic, clippy::unwrap_used, reason = "a trap is this component's way to fail")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "printing is one of the behaviours")]

mod answer;
mod badly;
mod outbound;
mod world;

use std::sync::atomic::{AtomicU32, Ordering};

use spin_sdk::http::{IncomingRequest, ResponseOutparam};
use spin_sdk::http_component;

use answer::{Query, answer};

static SEEN: AtomicU32 = AtomicU32::new(0);

#[http_component]
#[expect(clippy::needless_pass_by_value, reason = "the signature is the host's")]
fn handle(request: IncomingRequest, out: ResponseOutparam) {
    let seen = SEEN.fetch_add(1, Ordering::Relaxed) + 1;
    let target = request.path_with_query().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let query = Query(query);
    match path {
        "/hello" => answer(out, 200, b"hello"),
        "/echo" => answer(out, 200, &answer::body(&request)),
        "/headers" => answer(out, 200, answer::headers(&request).as_bytes()),
        "/state" => answer(out, 200, seen.to_string().as_bytes()),
        "/trap" => panic!("asked to trap"),
        "/no-answer" => {}
        "/trap-after" => badly::trap_after(out),
        "/trap-mid" => badly::trap_mid(out),
        "/busy" => badly::busy(out, query.number("ms")),
        "/sleep" => badly::sleep(out, query.number("ms")),
        "/busy-after" => badly::busy_after(out, query.number("ms")),
        "/sleep-after" => badly::sleep_after(out, query.number("ms")),
        "/grow" => badly::grow(out, query.number("mb")),
        "/big" => badly::big(out, query.number("mb")),
        "/leak" => badly::leak(out),
        "/print" | "/tear" | "/complain" => world::print(out, path, &query.text("text")),
        "/outbound" => outbound::fetch(out, &query.text("url")),
        "/deliver" => outbound::deliver(out, &query.text("to"), &answer::body(&request)),
        "/file" | "/list" | "/write" => world::file(out, path, &query.text("path")),
        "/variable" | "/env" => world::setting(out, path, &query.text("name")),
        "/connect" => world::connect(out, &query.text("addr")),
        _ => answer(out, 404, b"no such behaviour"),
    }
}
