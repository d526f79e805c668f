//! Answers one of the fixed requests of [`inputs`], so that valgrind can count the instructions of it.
//!
//! `cargo xtask instructions` runs it. Without an argument it prints the names of the inputs, each with the status that
//! it is answered with and the number of its rows. With a name it answers that input twice to warm up, then
//! [`COUNTED`] times in [`counted`], which is all that valgrind is told to look at.
#![expect(clippy::print_stdout, reason = "a tool for people and for `cargo xtask`")]

mod inputs;

use std::cell::Cell;
use std::hint::black_box;

use anyhow::{Context as _, Result, ensure};
use portent_model::Model;
use portent_service::{Body, Clock, Config, ModelState, Request, Service};

use inputs::Application;

/// Times that an input is answered while instructions are counted. `xtask` divides by it.
const COUNTED: u32 = 4;

/// A microsecond later at every look.
struct SteadyClock(Cell<u64>);

impl Clock for SteadyClock {
    fn now(&self) -> u64 {
        self.0.replace(self.0.get() + 1_000)
    }
}

fn main() -> Result<()> {
    let inputs = inputs::all();
    let Some(name) = std::env::args().nth(1) else {
        for input in &inputs {
            println!("{}\t{}\t{}\t{COUNTED}", input.name, input.status, input.rows);
        }
        return Ok(());
    };
    let input = inputs.iter().find(|input| input.name == name).context("no input has this name")?;
    let service = service(input.application)?;
    let headers = [("content-type", "application/json"), ("content-length", &input.body.len().to_string())];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    let request = Request {
        method: input.method,
        path_with_query: input.path,
        headers: &headers,
        body: Body::from_bytes(input.body.as_bytes()),
        unique: 0x0123_4567_89ab_cdef,
    };
    let (clock, mut line) = (SteadyClock(Cell::new(0)), Vec::with_capacity(4096));
    for _ in 0..2 {
        let status = answer(&service, &request, &clock, &mut line);
        ensure!(status == input.status, "{name} is answered with {status}");
    }
    counted(&service, &request, &clock, &mut line);
    Ok(())
}

/// What valgrind counts.
#[inline(never)]
fn counted(service: &Service<'_>, request: &Request<'_>, clock: &SteadyClock, line: &mut Vec<u8>) {
    for _ in 0..COUNTED {
        black_box(answer(service, black_box(request), clock, line));
    }
}

/// Answers a request and writes its event, as the shells do.
fn answer(service: &Service<'_>, request: &Request<'_>, clock: &SteadyClock, line: &mut Vec<u8>) -> u16 {
    let (response, mut events) = service.handle(request, clock);
    line.clear();
    for event in &mut events {
        event.durations.total = clock.now();
        event.time = "2026-01-02T03:04:05.678901Z".into();
        event.encode(line);
    }
    black_box(&response).status
}

fn service(application: Application) -> Result<Service<'static>> {
    let file: &[u8] = match application {
        Application::Heart => include_bytes!("../../../models/heart-disease.portent"),
        Application::Battery => include_bytes!("../../../models/hvs.portent"),
    };
    Ok(Service::new(Config::default(), ModelState::Loaded(Model::open(file)?)))
}
