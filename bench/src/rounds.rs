//! Rounds at saturation, and the figures of several rounds.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::contender::Contender;
use super::load::{Latencies, Load};
use super::process::own_cpu_seconds;
use super::workload::{Request, Workload};

/// What one round reached.
#[derive(Debug)]
pub(crate) struct Round {
    pub(crate) latencies: Latencies,
    /// Time on the clock.
    pub(crate) seconds: f64,
    /// CPU time of the contender, of what counts its events beside it, and of the load generator, in seconds.
    pub(crate) cpu: f64,
    pub(crate) aggregator_cpu: f64,
    pub(crate) load_cpu: f64,
}

impl Round {
    /// Sends one kind of request for this long, each as soon as the last one is answered.
    pub(crate) fn of(
        contender: &Contender,
        workload: Workload,
        connections: usize,
        time: Duration,
    ) -> Result<Self> {
        let request = workload.request(contender.kind.protocol()).context("there is no such request")?;
        Self::of_request(contender, &request, connections, time)
    }

    /// The same with a request of one's own.
    pub(crate) fn of_request(
        contender: &Contender,
        request: &Request,
        connections: usize,
        time: Duration,
    ) -> Result<Self> {
        let aggregator = || contender.aggregator.as_ref().map_or(Ok(0.0), |process| process.cpu_seconds());
        let feed = || request.feed();
        let load = Load::saturating(contender.port, connections, &feed).expecting(request.status);
        let before = (contender.process.cpu_seconds()?, aggregator()?, own_cpu_seconds()?);
        let started = Instant::now();
        let latencies = contender.note(load.run(time), Latencies::count)?;
        Ok(Self {
            latencies,
            seconds: started.elapsed().as_secs_f64(),
            cpu: contender.process.cpu_seconds()? - before.0,
            aggregator_cpu: aggregator()? - before.1,
            load_cpu: own_cpu_seconds()? - before.2,
        })
    }

    /// CPU time of the contender for one request.
    pub(crate) fn cpu_micros(&self) -> f64 {
        self.micros(self.cpu)
    }

    /// CPU time in seconds as microseconds of one request.
    pub(crate) fn micros(&self, seconds: f64) -> f64 {
        seconds * 1e6 / self.latencies.count() as f64
    }

    /// Requests a second.
    pub(crate) fn per_second(&self) -> f64 {
        self.latencies.count() as f64 / self.seconds
    }
}

/// The round of least CPU time: what is added to that comes from what else the machine did.
pub(crate) fn best(rounds: &[Round]) -> Option<&Round> {
    rounds.iter().min_by(|a, b| a.cpu_micros().total_cmp(&b.cpu_micros()))
}

/// CPU time of a request in the worst round.
pub(crate) fn worst(rounds: &[Round]) -> f64 {
    rounds.iter().map(Round::cpu_micros).fold(0.0, f64::max)
}

/// The least of a quantile over the rounds, in microseconds.
pub(crate) fn least_quantile(rounds: &[Round], quantile: f64) -> Option<u64> {
    rounds.iter().map(|round| round.latencies.quantile_micros(quantile)).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(requests: u64, cpu: f64) -> Round {
        let latencies = Latencies::new((1..=requests).map(|micros| micros * 1_000).collect());
        Round { latencies, seconds: 2.0, cpu, aggregator_cpu: 0.0, load_cpu: 0.0 }
    }

    #[test]
    fn cpu_time_is_shared_among_the_requests() {
        let rounds = [round(1_000, 0.2), round(2_000, 0.2), round(500, 0.2)];
        assert_eq!(best(&rounds).map(Round::cpu_micros), Some(100.0));
        assert_eq!((worst(&rounds), rounds[1].per_second()), (400.0, 1_000.0));
        assert_eq!(least_quantile(&rounds, 0.5), Some(250));
        assert_eq!(least_quantile(&[], 0.5), None);
    }
}
