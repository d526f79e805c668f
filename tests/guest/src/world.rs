//! What the host grants: output, files, settings, sockets.

use std::io::Write;
use std::net::TcpStream;
use std::{env, fs, io};

use spin_sdk::http::ResponseOutparam;
use spin_sdk::variables;

use crate::answer::answer;

pub(crate) fn print(out: ResponseOutparam, path: &str, text: &str) {
    match path {
        "/print" => println!("{text}"),
        "/tear" => print!("{text}"),
        _ => eprintln!("{text}"),
    }
    io::stdout().flush().unwrap();
    answer(out, 200, b"printed");
}

pub(crate) fn file(out: ResponseOutparam, action: &str, path: &str) {
    let result = match action {
        "/file" => fs::read(path),
        "/list" => names(path),
        _ => fs::write(path, b"written").map(|()| b"written".to_vec()),
    };
    match result {
        Ok(content) => answer(out, 200, &content),
        Err(error) => answer(out, 500, error.to_string().as_bytes()),
    }
}

pub(crate) fn setting(out: ResponseOutparam, kind: &str, name: &str) {
    let result = match kind {
        "/env" => env::var(name).map_err(|error| error.to_string()),
        _ => variables::get(name).map_err(|error| format!("{error:?}")),
    };
    match result {
        Ok(value) => answer(out, 200, value.as_bytes()),
        Err(error) => answer(out, 500, error.as_bytes()),
    }
}

pub(crate) fn connect(out: ResponseOutparam, addr: &str) {
    match TcpStream::connect(addr) {
        Ok(_) => answer(out, 200, b"connected"),
        Err(error) => answer(out, 500, error.to_string().as_bytes()),
    }
}

fn names(path: &str) -> io::Result<Vec<u8>> {
    let mut names = fs::read_dir(path)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort();
    Ok(names.join("\n").into_bytes())
}
