//! Requests to other servers.

use spin_sdk::http::{IncomingResponse, Request, ResponseOutparam, run, send};

use crate::answer::answer;

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
