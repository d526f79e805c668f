//! Logs of a Kubernetes node, as the kubelet and containerd keep them: what is printed is counted once,
//! through rotations, restarts of containers and of the aggregator, and the end of pods.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use portent_tests::deploy;

use crate::fixture::Running;

const TIME: &str = "2026-01-02T03:04:05.678901234Z";
const EVENT: &str = concat!(
    r#"{"portent":1,"time":"2026-01-02T03:04:05Z","app":"demo","request_id":"REQUEST","method":"POST","#,
    r#""route":"/predict","status":422,"error":"ValidationError","ns":{"total":1000}}"#,
);

/// A container, the runtime that writes its log, and the kubelet that rotates it.
struct Container {
    folder: PathBuf,
    restarts: u32,
    rotations: u32,
    log: File,
    printed: u64,
}

impl Container {
    fn start(pods: &Path, pod: &str) -> Self {
        let folder = pods.join(pod).join("heart");
        fs::create_dir_all(&folder).unwrap();
        let log = open(&folder.join("0.log"));
        Self { folder, restarts: 0, rotations: 0, log, printed: 0 }
    }

    /// Prints events. Spin's shim writes what components print to standard error; the runtime cuts long
    /// messages.
    fn print(&mut self, events: u64) {
        for _ in 0..events {
            self.printed += 1;
            let event = EVENT.replace("REQUEST", &format!("r{}", self.printed));
            let (first, last) = event.split_at(99);
            let lines = match self.printed % 3 {
                0 => format!("{TIME} stderr P {first}\n{TIME} stderr F {last}\n"),
                _ => format!("{TIME} stderr F {event}\n"),
            };
            self.log.write_all(lines.as_bytes()).unwrap();
        }
    }

    /// What the kubelet does once a log is too large: older ones are compressed, beside them and then in
    /// their place; the log is renamed; the runtime, which goes on writing meanwhile, is told to open a new
    /// one.
    fn rotate(&mut self) {
        let log = format!("{}.log", self.restarts);
        for entry in fs::read_dir(&self.folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = entry.file_name().unwrap().to_str().unwrap().to_owned();
            if name.starts_with(&format!("{log}.")) && !name.ends_with(".gz") {
                // Not compressed at all, so that it would be counted if it were read.
                let compressed = self.folder.join(format!("{name}.tmp"));
                fs::copy(&entry, &compressed).unwrap();
                fs::rename(compressed, self.folder.join(format!("{name}.gz"))).unwrap();
                fs::remove_file(entry).unwrap();
            }
        }
        self.rotations += 1;
        let rotated = self.folder.join(format!("{log}.20260102-0304{:02}", self.rotations));
        fs::rename(self.folder.join(&log), rotated).unwrap();
        self.print(2);
        self.log = open(&self.folder.join(&log));
    }

    fn restart(&mut self) {
        self.restarts += 1;
        self.log = open(&self.folder.join(format!("{}.log", self.restarts)));
    }
}

fn open(path: &Path) -> File {
    OpenOptions::new().create(true).append(true).open(path).unwrap()
}

/// The pattern that the DaemonSet gives, below a folder of this machine.
fn pattern(pods: &Path) -> String {
    let file = deploy::path("spinkube/components/log-tailing/daemonset.yaml");
    let workload = deploy::yaml(&fs::read_to_string(file).unwrap()).unwrap().remove(0);
    let arguments = workload["spec"]["template"]["spec"]["containers"][0]["args"].as_array().unwrap().clone();
    let pattern =
        arguments.iter().find_map(|argument| argument.as_str()?.strip_prefix("--tail=/var/log/pods/"));
    pods.join(pattern.unwrap()).display().to_string()
}

/// The aggregator of a node.
struct Node {
    folder: tempfile::TempDir,
}

impl Node {
    fn pods(&self) -> PathBuf {
        self.folder.path().join("pods")
    }

    fn serve(&self) -> Running {
        let (tail, state) = (pattern(&self.pods()), self.folder.path().join("state"));
        Running::serve(&["--tail", &tail, "--state", state.to_str().unwrap()])
    }
}

#[track_caller]
fn check(running: &Running, containers: &[&Container]) {
    let printed: u64 = containers.iter().map(|container| container.printed).sum();
    let scrape = running.wait_for(&format!("portent_events_received_total{{way=\"tail\"}} {printed}"));
    let errors = format!(
        "api_errors_total{{app=\"demo\",error_type=\"ValidationError\",endpoint=\"/predict\"}} {printed}"
    );
    for line in
        [&*errors, "portent_events_rejected_total{reason=\"torn\"} 0", "portent_lines_ignored_total 0"]
    {
        assert!(scrape.lines().any(|found| found == line), "no {line} in {scrape}");
    }
}

#[test]
fn what_is_printed_on_a_node_is_counted_once() {
    let node = Node { folder: tempfile::tempdir().unwrap() };
    let mut heart = Container::start(&node.pods(), "portent_heart-5d9c-x7_0f1e");
    let mut hvs = Container::start(&node.pods(), "portent_hvs-77bf-q2_9a3c");
    // Other namespaces' pods, whose names begin alike, print events too.
    for other in ["portent-node_host-metrics-a_1", "portentous_a_2", "default_portent_3"] {
        Container::start(&node.pods(), other).print(50);
    }
    heart.print(5);
    let running = node.serve();
    // A log has to be found under its own name before it is rotated away.
    check(&running, &[&heart, &hvs]);
    for _ in 0..4 {
        heart.print(7);
        hvs.print(3);
        heart.rotate();
        heart.print(1);
        check(&running, &[&heart, &hvs]);
    }
    // Rotated while nobody reads, after a stop.
    assert_eq!(running.stop(), Some(0));
    heart.print(6);
    heart.rotate();
    heart.print(2);
    let running = node.serve();
    check(&running, &[&heart, &hvs]);
    // Killed while it reads; the container is restarted, and the node rotates the log of the other one.
    heart.print(2000);
    drop(running);
    heart.restart();
    heart.print(3);
    hvs.rotate();
    let running = node.serve();
    check(&running, &[&heart, &hvs]);
    // The end of a pod takes its logs with it, and what it printed last is counted.
    hvs.print(4);
    fs::remove_dir_all(&hvs.folder).unwrap();
    check(&running, &[&heart, &hvs]);
    assert_eq!(running.stop(), Some(0));
}
