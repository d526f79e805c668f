//! Answers 200 with a few bytes, whatever it is asked: the least that a WASI 0.3 component can do. What a
//! request costs beside it is what a prediction costs (`cargo xtask bench`).
#![cfg(target_family = "wasm")]

use spin_sdk_p3::wasip3;
use spin_sdk_p3::wasip3::exports::http::handler::Guest;
use spin_sdk_p3::wasip3::http::types::{ErrorCode, Fields, HeaderError, Request, Response};
use spin_sdk_p3::wasip3::{wit_future, wit_stream};

const ANSWER: &[u8] = b"nothing\n";

struct DoNothing;

wasip3::http::service::export!(DoNothing with_types_in wasip3);

impl Guest for DoNothing {
    async fn handle(_request: Request) -> Result<Response, ErrorCode> {
        let headers = headers().map_err(|error| ErrorCode::InternalError(Some(format!("{error:?}"))))?;
        let (mut body, contents) = wit_stream::new();
        // Dropping the end that writes says that there are no trailers.
        let (_, trailers) = wit_future::new(|| Ok(None));
        let (response, _sent) = Response::new(headers, Some(contents), trailers);
        wasip3::spawn(async move {
            body.write_all(ANSWER.to_vec()).await;
        });
        Ok(response)
    }
}

fn headers() -> Result<Fields, HeaderError> {
    let length = ANSWER.len().to_string().into_bytes();
    Fields::from_list(&[("content-length".to_owned(), length)])
}
