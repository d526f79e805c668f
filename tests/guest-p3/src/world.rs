//! What the host grants: output, settings, requests to others.

use std::env;
use std::io::{self, Write};

use spin_sdk_p3::{variables, wasip3};
use wasip3::clocks::monotonic_clock::wait_for;
use wasip3::http::client;
use wasip3::http::types::{ErrorCode, Fields, Request, Response, Scheme};
use wasip3::{wit_future, wit_stream};

use crate::answer::answer;

pub(crate) fn print(path: &str, text: &str) -> Response {
    match path {
        "/print" => println!("{text}"),
        _ => print!("{text}"),
    }
    io::stdout().flush().unwrap();
    answer(200, "printed")
}

/// Prints by a stream of the request's own.
pub(crate) async fn print_slowly(text: &str, ms: Option<u64>) -> Response {
    let (mut stream, output) = wit_stream::new();
    let _printed = wasip3::cli::stdout::write_via_stream(output);
    let (first, second) = text.split_at(text.len() / 2);
    stream.write_all(first.as_bytes().to_vec()).await;
    wait_for(ms.unwrap_or(20) * 1_000_000).await;
    stream.write_all(format!("{second}\n").into_bytes()).await;
    answer(200, "printed")
}

pub(crate) async fn outbound(url: &str) -> Response {
    match get(url).await {
        Ok(status) => answer(200, status.to_string()),
        Err(error) => answer(502, format!("{error:?}")),
    }
}

async fn get(url: &str) -> Result<u16, ErrorCode> {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (trailers_in, trailers) = wit_future::new(|| Ok(None));
    let (request, _) = Request::new(Fields::new(), None, trailers, None);
    drop(trailers_in);
    let scheme = if scheme == "http" { Scheme::Http } else { Scheme::Https };
    request.set_scheme(Some(&scheme)).unwrap();
    request.set_authority(Some(authority)).unwrap();
    request.set_path_with_query(Some(&format!("/{path}"))).unwrap();
    Ok(client::send(request).await?.get_status_code())
}

pub(crate) async fn setting(kind: &str, name: &str) -> Response {
    let result = match kind {
        "/env" => env::var(name).map_err(|error| error.to_string()),
        _ => variables::get(name).await.map_err(|error| format!("{error:?}")),
    };
    match result {
        Ok(value) => answer(200, value),
        Err(error) => answer(500, error),
    }
}
