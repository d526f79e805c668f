use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use portent_counts::testing::{NOW, event, invalid_event, line};
use portent_exposition::Snapshot;
use portent_exposition::process::Process;

fn aggregator() -> Aggregator {
    Aggregator::new(ModelStore::open(Vec::new()).unwrap(), &["demo".to_owned()], Config::default())
}

fn kept_in(directory: &std::path::Path) -> Aggregator {
    let library = ModelStore::open(Vec::new()).unwrap();
    let options = portent_journal::Options::default();
    Aggregator::open(library, &["demo".to_owned()], Config::default(), directory, options).unwrap()
}

/// The exposition without what does not outlive the process.
fn kept(aggregator: &Aggregator) -> Vec<String> {
    let text = exposed(aggregator);
    let passing = ["active_requests", "portent_state_"];
    let lasts = |line: &&str| !passing.iter().any(|name| line.starts_with(name));
    text.lines().filter(lasts).map(str::to_owned).collect()
}

/// The exposition without what differs between two moments.
fn exposed(aggregator: &Aggregator) -> String {
    Snapshot { process: Process::default(), now: NOW, ..aggregator.snapshot() }.to_text()
}

fn delivery(sequence: u64) -> Delivery {
    Delivery { source: "a".into(), sequence, oldest_event: NOW, arrived: NOW }
}

/// A line of ours, valid or not, or of another program.
fn any_line() -> impl Strategy<Value = Vec<u8>> {
    let mut dropped = Vec::new();
    DropReport { app: "demo".into(), count: 2, reason: DropReason::Timeout }.encode(&mut dropped);
    let lines =
        [line(&event()), line(&invalid_event()), dropped, b"hello\n".to_vec(), b"{\"portent\":0}\n".to_vec()];
    prop::sample::select(lines.map(|line| line.trim_ascii_end().to_vec()).to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn how_lines_are_split_does_not_matter(
        lines in prop::collection::vec(any_line(), 0..30),
        size in 1_usize..10,
    ) {
        let (one_by_one, in_chunks) = (aggregator(), aggregator());
        lines.iter().for_each(|line| one_by_one.apply_line(Way::Tail, line));
        for chunk in lines.rchunks(size) {
            let mut delta = in_chunks.delta(Way::Tail);
            chunk.iter().for_each(|line| delta.read(line));
            in_chunks.apply(delta);
        }
        prop_assert_eq!(exposed(&one_by_one), exposed(&in_chunks));
    }

    /// Lines that wait are counted for everybody who looks, in the order in which they and other things came.
    #[test]
    fn gathering_lines_does_not_matter(
        lines in prop::collection::vec(any_line(), 0..200),
        looks in prop::collection::vec(0_usize..200, 0..5),
    ) {
        let (one_by_one, gathered) = (aggregator(), aggregator());
        for (index, line) in lines.iter().enumerate() {
            one_by_one.apply_line(Way::Host, line);
            gathered.batch_line(line);
            if looks.contains(&index) {
                prop_assert_eq!(exposed(&one_by_one), exposed(&gathered));
            }
        }
        prop_assert_eq!(exposed(&one_by_one), exposed(&gathered));
    }

    /// Deliveries in any order and any number of times count once each.
    #[test]
    fn repeats_do_not_matter(sent in prop::collection::vec(0_u64..10, 0..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let (aggregator, expected) = (aggregator(), self::aggregator());
        for sequence in &sent {
            let mut delta = aggregator.delta(Way::Http);
            delta.apply_event(&event());
            runtime.block_on(aggregator.apply_delivery(delivery(*sequence), delta, 1)).unwrap();
        }
        let distinct: BTreeSet<_> = sent.iter().collect();
        let mut delta = expected.delta(Way::Http);
        for _ in &distinct {
            delta.apply_event(&event());
            delta.apply_drops(&DropReport { app: "demo".into(), count: 1, reason: DropReason::Other });
        }
        let mut counts = delta.counts;
        counts.ingest.duplicates = (sent.len() - distinct.len()) as u64;
        expected.commit(&mut expected.counted(), counts, Origin::Anonymous);
        prop_assert_eq!(exposed(&aggregator), exposed(&expected));
    }
}

#[test]
fn the_number_of_requests_in_flight_is_that_of_the_host() {
    let aggregator = aggregator();
    let in_flight = aggregator.in_flight("demo");
    in_flight.fetch_add(1, Ordering::Relaxed);
    aggregator.in_flight("demo").fetch_add(1, Ordering::Relaxed);
    assert!(exposed(&aggregator).contains("active_requests{app=\"demo\"} 2\n"));
    in_flight.fetch_sub(2, Ordering::Relaxed);
    assert!(exposed(&aggregator).contains("active_requests{app=\"demo\"} 0\n"));
}

/// Counts, start times, identities and what is known of models outlive the process.
#[tokio::test]
async fn a_restart_goes_on_where_the_last_run_ended() {
    let directory = tempfile::tempdir().unwrap();
    let deliver = async |aggregator: &Aggregator, sequence| {
        let mut delta = aggregator.delta(Way::Http);
        delta.apply_event(&event());
        aggregator.apply_delivery(delivery(sequence), delta, 0).await.unwrap()
    };
    let first = kept_in(directory.path());
    assert_eq!(deliver(&first, 1).await, Verdict::New);
    assert!(first.write_checkpoint());
    assert_eq!(deliver(&first, 2).await, Verdict::New);
    let created = first.snapshot().registry.apps().map(|(_, app)| app.created).collect::<Vec<_>>();
    first.close().unwrap();
    let before = kept(&first);
    drop(first);
    let second = kept_in(directory.path());
    assert_eq!(kept(&second), before);
    assert_eq!(second.snapshot().registry.apps().map(|(_, app)| app.created).collect::<Vec<_>>(), created);
    for sequence in [1, 2] {
        assert_eq!(deliver(&second, sequence).await, Verdict::Repeated);
    }
    assert_eq!(deliver(&second, 3).await, Verdict::New);
    assert_eq!(second.snapshot().registry.ingest.received(Way::Http), 3);
}

#[tokio::test]
async fn nothing_is_acknowledged_once_nothing_can_be_kept() {
    let directory = tempfile::tempdir().unwrap();
    let aggregator = kept_in(directory.path());
    aggregator.close().unwrap();
    let mut delta = aggregator.delta(Way::Http);
    delta.apply_event(&event());
    aggregator.apply_delivery(delivery(1), delta, 0).await.unwrap_err();
    assert_eq!(aggregator.snapshot().registry.ingest.received(Way::Http), 0);
}

/// Else a crash could make counters fall.
#[tokio::test]
async fn a_scrape_shows_what_is_durable() {
    let directory = tempfile::tempdir().unwrap();
    let aggregator = kept_in(directory.path());
    for _ in 0..50 {
        let mut delta = aggregator.delta(Way::Host);
        delta.apply_event(&event());
        aggregator.apply(delta);
        let lsn = aggregator.counted().last.unwrap();
        aggregator.durable_snapshot().await;
        let durable = aggregator.shared.journal.as_ref().unwrap().durable(lsn);
        tokio::time::timeout(Duration::ZERO, durable).await.unwrap().unwrap();
    }
}

/// What waits when the process ends in good order is kept.
#[test]
fn gathered_lines_are_kept_at_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let aggregator = kept_in(directory.path());
    (0..3).for_each(|_| aggregator.batch_line(line(&event()).trim_ascii_end()));
    aggregator.close().unwrap();
    drop(aggregator);
    assert_eq!(kept_in(directory.path()).snapshot().registry.ingest.received(Way::Host), 3);
}

/// A line is counted though nobody looks.
#[tokio::test]
async fn a_gathered_line_is_counted_soon() {
    let aggregator = aggregator();
    let counting = aggregator.clone();
    let counting = tokio::spawn(async move { counting.keep_counting().await });
    for expected in 1..=3 {
        aggregator.batch_line(line(&event()).trim_ascii_end());
        let counted = || lock(&aggregator.shared.counted).ledger.registry.ingest.received(Way::Host);
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        while counted() < expected {
            assert!(std::time::Instant::now() < deadline, "{} of {expected} lines", counted());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    counting.abort();
}
