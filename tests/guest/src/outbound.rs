//! Requests to other servers.

use spin_sdk::http::{Fields, IncomingResponse, Method, Request, ResponseOutparam, Scheme, run, send};
use spin_sdk::wit::wasi::http0_2_0::outgoing_handler;
use spin_sdk::wit::wasi::http0_2_0::types::{ErrorCode, OutgoingBody, OutgoingRequest, RequestOptions};

use crate::answer::{answer, write};

/// Fetches a URL and answers with its status and body.
pub(crate) fn fetch(out: ResponseOutparam, url: &str) {
    match run(get(url)) {
        Ok(text) => answer(out, 200, text.as_bytes()),
        Err(error) => answer(out, 502, error.as_bytes()),
    }
}

async fn get(url: &str) -> Result<String, String> {
    let response: IncomingResponse =
        send(Request::get(url).build()).await.map_err(|error| format!("{error:?}"))?;
    let status = response.status();
    let body = response.into_body().await.map_err(|error| format!("{error:?}"))?;
    Ok(format!("{status} {}", String::from_utf8_lossy(&body)))
}

/// Posts a body that is complete before its request is sent, and answers with the status or the error.
pub(crate) fn deliver(out: ResponseOutparam, to: &str, body: &[u8]) {
    match post(to, body) {
        Ok(status) => answer(out, 200, status.to_string().as_bytes()),
        Err(error) => answer(out, 502, format!("{error:?}").as_bytes()),
    }
}

fn post(to: &str, bytes: &[u8]) -> Result<u16, ErrorCode> {
    let fields = [("content-length".to_owned(), bytes.len().to_string().into_bytes())];
    let request = OutgoingRequest::new(Fields::from_list(&fields).unwrap());
    request.set_method(&Method::Post).unwrap();
    request.set_scheme(Some(&Scheme::Http)).unwrap();
    request.set_authority(Some(to)).unwrap();
    request.set_path_with_query(Some("/v1/events")).unwrap();
    let body = request.body().unwrap();
    write(&body.write().unwrap(), bytes);
    OutgoingBody::finish(body, None)?;
    let options = RequestOptions::new();
    options.set_first_byte_timeout(Some(5_000_000_000)).unwrap();
    let response = outgoing_handler::handle(request, Some(options))?;
    response.subscribe().block();
    Ok(response.get().unwrap().unwrap()?.status())
}
