//! Options, and a plain HTTP client, for several tests.

use std::net::SocketAddr;

use clap::Parser;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::cli::AggregatorArgs;

/// Options of an aggregator as they would be given to `serve`.
pub(crate) fn aggregator_args(options: &[&str]) -> AggregatorArgs {
    #[derive(Parser)]
    struct Serve {
        #[command(flatten)]
        args: AggregatorArgs,
    }
    Serve::parse_from(["serve"].iter().chain(options)).args
}

/// Sends a request as it stands and reads until the server closes.
pub(crate) async fn exchange(address: SocketAddr, request: &[u8]) -> String {
    String::from_utf8(exchange_bytes(address, request).await).unwrap()
}

/// The same where the answer is not a text.
pub(crate) async fn exchange_bytes(address: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    answer
}
