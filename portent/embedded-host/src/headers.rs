//! The headers that a component finds in its requests, those of Spin.

use std::net::SocketAddr;

use hyper::header::{CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;

use super::refusal::Refusal;
use super::routes::Route;

const PATH_INFO: HeaderName = HeaderName::from_static("spin-path-info");
const FULL_URL: HeaderName = HeaderName::from_static("spin-full-url");
const MATCHED_ROUTE: HeaderName = HeaderName::from_static("spin-matched-route");
const BASE_PATH: HeaderName = HeaderName::from_static("spin-base-path");
const RAW_COMPONENT_ROUTE: HeaderName = HeaderName::from_static("spin-raw-component-route");
const COMPONENT_ROUTE: HeaderName = HeaderName::from_static("spin-component-route");
const CLIENT_ADDR: HeaderName = HeaderName::from_static("spin-client-addr");

/// Replaces what a client claims in Spin's name by what is true.
pub(crate) fn prepare(head: &mut Parts, route: &Route, path_info: &HeaderValue) -> Result<(), Refusal> {
    remove_spins(&mut head.headers);
    head.headers.remove(CONNECTION);
    let host = head.headers.entry(HOST).or_insert(HeaderValue::from_static("localhost"));
    let host = host.to_str().map_err(|_| Refusal::BadHost)?;
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let url = HeaderValue::try_from(format!("http://{host}{target}")).map_err(|_| Refusal::BadHost)?;
    head.headers.insert(FULL_URL, url);
    head.headers.insert(PATH_INFO, path_info.clone());
    head.headers.insert(MATCHED_ROUTE, route.raw.clone());
    head.headers.insert(BASE_PATH, HeaderValue::from_static("/"));
    head.headers.insert(RAW_COMPONENT_ROUTE, route.raw.clone());
    head.headers.insert(COMPONENT_ROUTE, route.base.clone());
    if let Some(peer) = head.extensions.get::<SocketAddr>() {
        let peer = HeaderValue::try_from(peer.to_string()).map_err(|_| Refusal::BadHost)?;
        head.headers.insert(CLIENT_ADDR, peer);
    }
    Ok(())
}

fn remove_spins(headers: &mut HeaderMap) {
    let is_spins = |name: &&HeaderName| name.as_str().starts_with("spin-");
    while let Some(name) = headers.keys().find(is_spins).cloned() {
        headers.remove(name);
    }
}
