//! Answers 200 with a few bytes, whatever it is asked: the least that a WASI 0.2 component can do. What a
//! request costs beside it is what a prediction costs (`cargo xtask bench`).
#![cfg(target_family = "wasm")]
#![expect(unsafe_code, reason = "the Spin SDK's macro turns resource handles of one binding into another's")]
#![expect(clippy::expect_used, reason = "what cannot be answered must not be measured as if it had been")]

use spin_sdk::http::{Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};
use spin_sdk::http_component;

const ANSWER: &[u8] = b"nothing\n";

#[http_component]
fn handle(_request: IncomingRequest, out: ResponseOutparam) {
    let length = ("content-length".to_owned(), ANSWER.len().to_string().into_bytes());
    let response = OutgoingResponse::new(Fields::from_list(&[length]).expect("a valid header"));
    let body = response.body().expect("the one body of the response");
    out.set(response);
    let stream = body.write().expect("the one stream of the body");
    stream.blocking_write_and_flush(ANSWER).expect("a client that reads");
    drop(stream);
    OutgoingBody::finish(body, None).expect("a body of the stated length");
}
