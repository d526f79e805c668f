//! The same component and manifest under Spin, its log tailed by the aggregator.
//!
//! `PORTENT_SPIN`, or else `PATH`, names the `spin` program. No package registry has it, so it is optional. The build
//! for WASI 0.3 needs Spin 4.1.

use std::io::Read as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use portent_event::Line;
use portent_tests::external::{self, workspace};

use crate::battery;
use crate::fixture::{Build, FIRST_ROW, KAGGLE_ROW, Running, for_both_builds, post, terminate, try_get};

/// `spin up` in a folder of its own, so that its log files are its own.
pub(crate) struct Spin {
    process: Child,
    pub(crate) base: String,
    folder: tempfile::TempDir,
}

impl Spin {
    pub(crate) fn up(build: Build) -> Option<Self> {
        Self::with_variables(build, &[])
    }

    fn with_variables(build: Build, variables: &[(&str, &str)]) -> Option<Self> {
        let program = external::optional_program("PORTENT_SPIN", "spin")?;
        if build == Build::P3 && version(&program) < (4, 1) {
            external::out_of_reach("spin 4.1");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let manifest = std::fs::read_to_string(workspace().join(build.manifest())).unwrap();
        let source = manifest.lines().find(|line| line.starts_with("source = ")).unwrap();
        let manifest = manifest.replace(source, &format!("source = {:?}", build.component()));
        std::fs::write(folder.path().join("spin.toml"), manifest).unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let process = Command::new(program)
            .args(["up", "-f", "spin.toml", "-q", "--listen", &address])
            .args(
                variables
                    .iter()
                    .flat_map(|(name, value)| ["--variable".to_owned(), format!("{name}={value}")]),
            )
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("spin starts");
        let mut spin = Self { process, base: format!("http://{address}"), folder };
        let deadline = Instant::now() + Duration::from_secs(60);
        while try_get(&format!("{}/health/ready", spin.base)).is_none() {
            if Instant::now() > deadline || spin.process.try_wait().unwrap().is_some() {
                let mut text = String::new();
                let _ = spin.process.stderr.take().unwrap().read_to_string(&mut text);
                panic!("spin does not serve: {text}");
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Some(spin)
    }

    fn logs(&self) -> String {
        self.folder.path().join(".spin/logs/*_stdout.txt").to_string_lossy().into_owned()
    }

    /// The log of the heart application, once it has so many long lines: they are written after the answers.
    fn log_of_lines(&self, count: usize) -> String {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let log =
                std::fs::read_to_string(self.folder.path().join(".spin/logs/heart_stdout.txt")).unwrap();
            if long_lines(&log) >= count || Instant::now() > deadline {
                return log;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn predict(&self, body: &str) -> u16 {
        post(&format!("{}/predict", self.base), body).0
    }
}

/// Lines that are longer than the 1,024 bytes that a line-buffered standard output keeps together.
fn long_lines(log: &str) -> usize {
    log.lines().filter(|line| line.len() > 1_024).count()
}

/// Major and minor version of a `spin` program.
fn version(program: &Path) -> (u32, u32) {
    let output = Command::new(program).arg("--version").output().expect("spin tells its version");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut numbers = text.trim_start_matches("spin ").split('.').map_while(|number| number.parse().ok());
    numbers.next().zip(numbers.next()).unwrap_or_else(|| panic!("no version in {text:?}"))
}

impl Drop for Spin {
    fn drop(&mut self) {
        terminate(&self.process);
        let _ = self.process.wait();
    }
}

fn predictions_under_spin_are_counted_from_its_log(build: Build) {
    let Some(spin) = Spin::up(build) else { return };
    let aggregator = Running::serve(&["--tail", &spin.logs()]);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    assert_eq!(spin.predict(FIRST_ROW), 200);
                    assert_eq!(spin.predict(KAGGLE_ROW), 200);
                    assert_eq!(spin.predict("{}"), 422);
                }
            });
        }
    });
    let requests =
        "api_requests_total{app=\"heart-disease\",method=\"POST\",endpoint=\"/predict\",status_code=";
    aggregator.wait_for(&format!("{requests}\"200\"}} 800"));
    aggregator.wait_for(&format!("{requests}\"422\"}} 400"));
    assert!(aggregator.scrape().lines().any(|line| line == "portent_lines_ignored_total 0"));
}

fn both_applications_run_under_spin(build: Build) {
    let Some(spin) = Spin::up(build) else { return };
    let aggregator = Running::serve(&["--tail", &spin.logs()]);
    let body = serde_json::json!({ "readings": battery::readings() }).to_string();
    let (status, answer) = post(&format!("{}/hvs/predict", spin.base), &body);
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["predictions"][1]["hazard_prediction"], 1);
    assert_eq!(spin.predict(FIRST_ROW), 200);
    for app in ["hvs", "heart-disease"] {
        aggregator.wait_for(&format!(
            "api_requests_total{{app=\"{app}\",method=\"POST\",endpoint=\"/predict\",status_code=\"200\"}} 1"
        ));
    }
}

fn long_lines_of_concurrent_instances_stay_whole_in_spins_log(build: Build) {
    let Some(spin) = Spin::up(build) else { return };
    // Rows that fall into every bin of every feature make the longest line.
    let rows: Vec<_> = (0..1_000)
        .map(|row| {
            let code = |codes: &[u32]| codes[row % codes.len()];
            format!(
                r#"{{"age":{},"sex":{},"cp":{},"trestbps":{},"chol":{},"fbs":{},"restecg":{},"thalach":{},"exang":{},"oldpeak":{},"slope":{},"ca":{},"thal":{},"encoding":"uci"}}"#,
                row % 100,
                code(&[0, 1]),
                code(&[1, 2, 3, 4]),
                row % 250,
                row,
                code(&[0, 1, 0]),
                code(&[0, 1, 2]),
                row % 220,
                code(&[0, 1, 1]),
                row % 7,
                code(&[1, 2, 3]),
                code(&[0, 1, 2, 3]),
                code(&[3, 6, 7]),
            )
        })
        .collect();
    let batch = format!("{{\"patients\":[{}]}}", rows.join(","));
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for _ in 0..25 {
                    assert_eq!(post(&format!("{}/predict/batch", spin.base), &batch).0, 200);
                }
            });
        }
    });
    let log = spin.log_of_lines(400);
    let torn: Vec<_> = log.lines().filter(|line| Line::decode(line.as_bytes()).is_err()).collect();
    assert!(torn.is_empty(), "{torn:#?}");
    assert_eq!(long_lines(&log), 400, "as many long lines as batches: {:?}", log.lines().map(str::len).max());
}

fn under_spin_events_also_go_by_http(build: Build) {
    let aggregator = Running::serve(&[]);
    let url = aggregator.base("ingest");
    let Some(spin) = Spin::with_variables(build, &[("events", "http"), ("metrics_url", &url)]) else {
        return;
    };
    for _ in 0..50 {
        assert_eq!(spin.predict(FIRST_ROW), 200);
    }
    aggregator.wait_for(
        "api_requests_total{app=\"heart-disease\",method=\"POST\",endpoint=\"/predict\",status_code=\"200\"} 50",
    );
}

for_both_builds!(
    predictions_under_spin_are_counted_from_its_log,
    both_applications_run_under_spin,
    long_lines_of_concurrent_instances_stay_whole_in_spins_log,
    under_spin_events_also_go_by_http
);
