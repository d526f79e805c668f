//! Cost of counting: events over HTTP at saturation, events in a file, and pushes.

use std::path::Path;
use std::time::Instant;

use anyhow::Result;

use super::Arguments;
use super::case::{self, Case, Round, Sent};
use super::lines::{self, Lines};
use super::servers::{DURABLE, MEMORY, Server, Servers};
use crate::client::Client;
use crate::report::Table;

/// Connections with batches; those with single events are more, since what they wait for is shared.
const BATCH_CONNECTIONS: usize = 4;
const SINGLE_CONNECTIONS: usize = 32;

/// Connections of pushes: the pushgateway takes one at a time anyway.
const PUSH_CONNECTIONS: usize = 2;

/// Series of a group.
const GROUP_SERIES: usize = 10;

/// Batches in the file that is followed.
const FILE_BATCHES: usize = 100;

/// Events by HTTP, in memory and durably, beside the Python peer.
pub(super) fn http(servers: &Servers, arguments: &Arguments) -> Result<Table> {
    let heart = Lines::heart()?;
    let sent =
        [batches("heart, batched", &heart), batches("short, batched", &Lines::short()), singles(&heart)];
    let mut contenders = vec![servers.memory()?, servers.durable("ingest")?];
    contenders.extend(servers.python()?);
    let cases = contenders.iter().flat_map(|server| sent.iter().map(move |sent| Case::new(server, sent)));
    let mut cases: Vec<_> = cases.collect();
    case::run(&mut cases, arguments)?;
    for server in &contenders {
        let of_server = cases.iter().filter(|case| case.server.ingest == server.ingest);
        server.ensure_counted(of_server.map(Case::number).sum())?;
    }
    let mut table = case::table("ingest");
    case::rows(&mut table, &cases);
    Ok(table)
}

/// Pushes to the pushgateway while it holds some hundred groups.
pub(super) fn pushes(servers: &Servers, arguments: &Arguments) -> Result<Table> {
    let mut contenders = Vec::new();
    for (name, groups) in [("a push, 250 groups of 10 series", 250), ("a push, 500 groups of 10 series", 500)]
    {
        let Some(server) = servers.pushgateway()? else { break };
        let bytes = push_all(&server, groups)?;
        let feed = Box::new(move || lines::pushes(groups, GROUP_SERIES));
        contenders.push((server, Sent { name, connections: PUSH_CONNECTIONS, each: 1, bytes, feed }));
    }
    let mut cases: Vec<_> = contenders.iter().map(|(server, sent)| Case::new(server, sent)).collect();
    case::run(&mut cases, arguments)?;
    let mut table = case::table("pushes");
    case::rows(&mut table, &cases);
    Ok(table)
}

/// A file that is already written, from the start of the program until all of it is counted. The time to
/// start is in it.
pub(super) fn tail(servers: &Servers, arguments: &Arguments) -> Result<Table> {
    let (body, number) = Lines::heart()?.batch();
    let (file, events) = (servers.path("tail.log"), FILE_BATCHES as u64 * number);
    std::fs::write(&file, body.repeat(FILE_BATCHES))?;
    let (mut memory, mut durable) = (Vec::new(), Vec::new());
    for round in 0..arguments.rounds {
        println!("round {} of {}: --tail", round + 1, arguments.rounds);
        let state = servers.path(&format!("tail-{round}"));
        let options: [&Path; 4] = ["--tail".as_ref(), &file, "--state".as_ref(), &state];
        memory.push(read_file(servers, MEMORY, &options[..2], events)?);
        durable.push(read_file(servers, DURABLE, &options, events)?);
    }
    std::fs::remove_file(file)?;
    let mut table = case::table("tail");
    case::row(&mut table, MEMORY, "heart, from a file", body.len() as u64 / number, &memory);
    case::row(&mut table, DURABLE, "heart, from a file", body.len() as u64 / number, &durable);
    Ok(table)
}

fn batches(name: &'static str, lines: &Lines) -> Sent {
    let (lines, (body, each)) = (lines.clone(), lines.batch());
    let bytes = body.len() as u64 / each;
    Sent { name, connections: BATCH_CONNECTIONS, each, bytes, feed: Box::new(move || lines.batches()) }
}

fn singles(lines: &Lines) -> Sent {
    let (lines, apps, mut line) = (lines.clone(), lines::apps(0), String::new());
    lines.write(&mut line, lines::APP, 1);
    Sent {
        name: "heart, one a delivery",
        connections: SINGLE_CONNECTIONS,
        each: 1,
        bytes: line.len() as u64,
        feed: Box::new(move || lines.singles(apps.clone())),
    }
}

/// Makes the groups, and returns the bytes of a push.
fn push_all(server: &Server, groups: usize) -> Result<u64> {
    let (mut push, mut client) = (lines::pushes(groups, GROUP_SERIES), Client::connect(server.ingest)?);
    let mut request = Vec::new();
    for _ in 0..groups {
        request.clear();
        push(&mut request);
        client.exchange(&request)?.successful()?;
    }
    Ok(request.len() as u64)
}

fn read_file(servers: &Servers, name: &'static str, options: &[&Path], events: u64) -> Result<Round> {
    let started = Instant::now();
    // It is ready when what the file held at the start is counted.
    let server = servers.host_metrics(name, options)?;
    let (seconds, cpu) = (started.elapsed().as_secs_f64(), server.process.cpu_seconds()?);
    server.ensure_counted(events)?;
    Ok(Round { number: events, cpu, load_cpu: 0.0, seconds })
}
