//! A WASI 0.3 component that behaves well and badly on demand: one behaviour a path. Paths that `tests/guest` has too
//! behave as there.
//!
//! | path | behaviour |
//! |---|---|
//! | `/hello` | answers `hello`, as little as a component can do |
//! | `/echo` | answers with the request's body |
//! | `/headers`, `/origin` | answers with the request's headers, one a line; with its scheme and host |
//! | `/state` | answers with the number of requests this instance has seen |
//! | `/trap?ms=` | waits for so long, then ends without an answer |
//! | `/no-answer` | ends with an error in place of an answer |
//! | `/trap-after?ms=` | answers, waits for so long, then traps |
//! | `/trap-mid?ms=` | answers with half of a body, waits for so long, then traps |
//! | `/short` | answers with less than its length says |
//! | `/busy?ms=` | computes for so long, for ever without `ms`, then answers |
//! | `/sleep?ms=`, `/block?ms=` | waits for so long, alone or holding up the whole instance, then answers |
//! | `/sleep-after?ms=` | answers, then waits |
//! | `/slow?parts=&ms=` | answers with so many parts of a body, so far apart |
//! | `/grow?mb=` | allocates and touches so much, then answers |
//! | `/big?mb=` | answers with so much |
//! | `/leak?count=` | answers and forgets so many resources |
//! | `/print?text=`, `/tear?text=` | prints a line, a line without its end |
//! | `/print-slowly?text=&ms=` | prints the halves of a line so far apart |
//! | `/outbound?url=` | answers with the status of that URL, or the error |
//! | `/variable?name=`, `/env?name=` | answers with the variable, or the error |
#![cfg(target_family = "wasm")]
#![expect(clippy::panic, clippy::unwrap_used, reason = "a trap is this component's way to fail")]
#![allow(clippy::print_stdout, reason = "printing is one of the behaviours")]

mod answer;
mod badly;
mod world;

use std::sync::atomic::{AtomicU32, Ordering};

use spin_sdk_p3::wasip3;
use wasip3::exports::http::handler::Guest;
use wasip3::http::types::{ErrorCode, Request, Response, Scheme};

use answer::{Query, answer};

static SEEN: AtomicU32 = AtomicU32::new(0);

struct Behaviours;

wasip3::http::service::export!(Behaviours with_types_in wasip3);

impl Guest for Behaviours {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let seen = SEEN.fetch_add(1, Ordering::Relaxed) + 1;
        let target = request.get_path_with_query().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let query = Query(query);
        let ms = query.number("ms");
        Ok(match path {
            "/hello" => answer(200, "hello"),
            "/echo" => answer(200, answer::body(request).await),
            "/headers" => answer(200, answer::headers(&request)),
            "/origin" => answer(200, origin(&request)),
            "/state" => answer(200, seen.to_string()),
            "/trap" => badly::trap(ms).await,
            "/no-answer" => return Err(ErrorCode::InternalError(None)),
            "/trap-after" => badly::trap_after(ms),
            "/trap-mid" => badly::trap_mid(ms),
            "/short" => badly::short(),
            "/busy" => badly::busy(ms),
            "/sleep" => badly::sleep(ms).await,
            "/block" => badly::block(ms),
            "/sleep-after" => badly::sleep_after(ms),
            "/slow" => badly::slow(query.number("parts"), ms),
            "/grow" => badly::grow(query.number("mb")),
            "/big" => badly::big(query.number("mb")),
            "/leak" => badly::leak(query.number("count")),
            "/print" | "/tear" => world::print(path, &query.text("text")),
            "/print-slowly" => world::print_slowly(&query.text("text"), ms).await,
            "/outbound" => world::outbound(&query.text("url")).await,
            "/variable" | "/env" => world::setting(path, &query.text("name")).await,
            _ => answer(404, "no such behaviour"),
        })
    }
}

fn origin(request: &Request) -> String {
    let scheme = match request.get_scheme() {
        Some(Scheme::Http) => "http",
        Some(_) => "other",
        None => "none",
    };
    format!("{scheme} {}", request.get_authority().unwrap_or_default())
}
