//! `cargo xtask bench`: CPU time per request and latency, contenders side by side in one run.
//!
//! Every contender is a process of its own on a port of its own. Rounds are interleaved, so that whatever
//! else the machine does falls on all of them.

mod aggregator;
mod client;
mod contender;
mod load;
mod process;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

use contender::Contender;
use load::{Feed, Latencies, Load};

/// First row of the UCI data.
const BODY: &str = r#"{"age":63,"sex":1,"cp":1,"trestbps":145,"chol":233,"fbs":1,"restecg":2,"thalach":150,"exang":0,"oldpeak":2.3,"slope":3,"ca":0,"thal":6}"#;

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    subject: Option<Subject>,
    /// Folder of the Python peers; they are skipped by name where it or their interpreter is absent.
    #[arg(long, default_value = "../shared/peers")]
    peers: PathBuf,
    /// Python interpreter that has the peers' requirements.
    #[arg(long, default_value = "python3")]
    python: PathBuf,
    /// Seconds of each round at saturation.
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// Rounds.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Connections at saturation.
    #[arg(long, default_value_t = 8)]
    connections: usize,
    /// Requests per second of the open-loop latency measurement; 0 leaves it out.
    #[arg(long, default_value_t = 500)]
    rate: u64,
}

/// What is measured instead of requests.
#[derive(Debug, clap::Subcommand)]
enum Subject {
    /// Measure the aggregator beside other ways to count the same.
    Aggregator(aggregator::Arguments),
}

/// What a contender reached, best round by CPU time.
#[derive(Debug, Default)]
struct Figures {
    cpu_micros: f64,
    requests_per_second: f64,
    saturated: Latencies,
    paced: Option<Latencies>,
}

/// Measures and prints a table.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    match &arguments.subject {
        Some(Subject::Aggregator(arguments)) => aggregator::run(arguments),
        None => run_requests(arguments),
    }
}

fn run_requests(arguments: &Arguments) -> Result<()> {
    crate::build::components(&["predict"])?;
    crate::build::programs(&["host-metrics"])?;
    let contenders = contender::start_all(&arguments.peers, &arguments.python)?;
    let mut figures: Vec<Vec<Figures>> = contenders.iter().map(|_| Vec::new()).collect();
    for contender in &contenders {
        Load::saturating(contender.port, arguments.connections, &feed).run(Duration::from_secs(1))?;
    }
    for round in 0..arguments.rounds {
        for (contender, figures) in contenders.iter().zip(&mut figures) {
            println!("round {} of {}: {}", round + 1, arguments.rounds, contender.name);
            figures.push(measure(contender, arguments)?);
        }
    }
    print_table(&contenders, &figures);
    Ok(())
}

fn measure(contender: &Contender, arguments: &Arguments) -> Result<Figures> {
    let time = Duration::from_secs(arguments.seconds);
    let before = contender.process.cpu_seconds()?;
    let saturated = Load::saturating(contender.port, arguments.connections, &feed).run(time)?;
    let cpu = contender.process.cpu_seconds()? - before;
    let paced = match arguments.rate {
        0 => None,
        rate => Some(Load::paced(contender.port, arguments.connections, rate, &feed).run(time)?),
    };
    #[expect(clippy::cast_precision_loss, reason = "counts of requests are far below 2^52")]
    let requests = saturated.count() as f64;
    Ok(Figures {
        cpu_micros: cpu * 1e6 / requests,
        requests_per_second: requests / time.as_secs_f64(),
        saturated,
        paced,
    })
}

/// The same request again and again.
fn feed() -> Feed {
    let head = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    let request = format!("{head}Content-Length: {}\r\n\r\n{BODY}", BODY.len());
    Box::new(move |out| out.extend(request.as_bytes()))
}

fn print_table(contenders: &[Contender], figures: &[Vec<Figures>]) {
    println!();
    println!("| contender | CPU µs/request | requests/s | p50 µs | p99 µs | paced p50 µs | paced p99 µs |");
    println!("|---|---|---|---|---|---|---|");
    for (contender, rounds) in contenders.iter().zip(figures) {
        let Some(best) = rounds.iter().min_by(|a, b| a.cpu_micros.total_cmp(&b.cpu_micros)) else { continue };
        let least = |quantile: f64, pick: &dyn Fn(&Figures) -> Option<&Latencies>| {
            let values = rounds.iter().filter_map(pick).map(|latencies| latencies.quantile_micros(quantile));
            values.min().map_or_else(|| "-".to_owned(), |micros| micros.to_string())
        };
        println!(
            "| {} | {:.0} | {:.0} | {} | {} | {} | {} |",
            contender.name,
            best.cpu_micros,
            best.requests_per_second,
            least(0.50, &|figures| Some(&figures.saturated)),
            least(0.99, &|figures| Some(&figures.saturated)),
            least(0.50, &|figures| figures.paced.as_ref()),
            least(0.99, &|figures| figures.paced.as_ref()),
        );
    }
}
