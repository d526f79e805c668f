//! Instances come and go while their events wait for a delivery: nothing is lost where they end in good order, and
//! no more than their queues hold where they do not.

use std::time::Duration;

use portent_tests::external::workspace;

use crate::fixture::{Build, FIRST_ROW, Running, agent};

/// A host whose instances deliver their events to an aggregator.
fn host_sending_to(aggregator: &Running, arguments: &[&str]) -> Running {
    let url = format!("metrics_url={}", aggregator.base("ingest"));
    let events = ["--variable", "events=http", "--variable", &url];
    Build::P3.up(&[&events, arguments].concat())
}

fn requests(status: u16) -> String {
    format!(
        "api_requests_total{{app=\"heart-disease\",method=\"POST\",endpoint=\"/predict\",status_code=\"{status}\"}}"
    )
}

/// Sends so many predictions on connections that are kept, with a pause of each after every 50.
fn predict_on(host: &Running, connections: usize, count: usize, pause: Duration) {
    let url = format!("{}/predict", host.base("serving"));
    std::thread::scope(|scope| {
        for _ in 0..connections {
            scope.spawn(|| {
                let agent = agent();
                for sent in 1..=count / connections {
                    let request = agent.post(&url).header("content-type", "application/json");
                    let mut answer = request.send(FIRST_ROW).unwrap();
                    assert_eq!(answer.status(), 200);
                    answer.body_mut().read_to_string().unwrap();
                    // Not after the last: its event still waits when this returns.
                    if sent % 50 == 25 {
                        std::thread::sleep(pause);
                    }
                }
            });
        }
    });
}

/// Thousands of requests through instances that are spent after seven of them, that idle for too long, and at last
/// through a host that is told to end while their events still wait: every one is counted.
#[test]
fn nothing_is_lost_where_instances_end_in_good_order() {
    let aggregator = Running::serve(&[]);
    let options = ["--max-instance-reuse-count", "7", "--idle-instance-timeout", "20ms"];
    let host = host_sending_to(&aggregator, &options);
    predict_on(&host, 8, 4_000, Duration::from_millis(60));
    assert_eq!(host.stop(), Some(0));
    aggregator.wait_for(&format!("{} 4000", requests(200)));
    // Sooner or later there would be more than that, were one delivered twice under two identities.
    let text = aggregator.wait_for("portent_events_received_total{way=\"http\"} 4000");
    assert!(
        !text.lines().any(|line| line.starts_with("portent_events_dropped_total") && !line.ends_with(" 0"))
    );
}

/// A host that is killed takes the events with it that wait in its instances, and no others: one connection has an
/// instance, and perhaps one more that is spent and delivers.
#[test]
fn what_a_kill_loses_is_bounded() {
    let aggregator = Running::serve(&[]);
    let most_lost = 2 * queue_events();
    let answered = most_lost + 1_000;
    let host = host_sending_to(&aggregator, &[]);
    predict_on(&host, 1, answered, Duration::ZERO);
    drop(host);
    let counted = counted(&aggregator);
    assert!(counted <= answered && counted + most_lost >= answered, "{counted} of {answered}");
}

fn counted(aggregator: &Running) -> usize {
    let (text, name) = (aggregator.scrape(), requests(200));
    let line = text.lines().find_map(|line| line.strip_prefix(&name)?.trim().parse().ok());
    line.unwrap_or_else(|| panic!("no {name}"))
}

/// The documented length of an instance's queue.
fn queue_events() -> usize {
    let limits = std::fs::read_to_string(workspace().join("components/shell/src/limits.rs")).unwrap();
    let text = limits.split("QUEUE_EVENTS: u32 = ").nth(1).and_then(|rest| rest.split(';').next()).unwrap();
    text.replace('_', "").parse().unwrap()
}
