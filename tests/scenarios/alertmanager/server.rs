//! A real Alertmanager for tests.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::fixture::{agent, try_get};

/// An Alertmanager on a port and in a folder of its own.
pub(super) struct Alertmanager {
    process: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Alertmanager {
    pub(super) fn start(program: &Path, config: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let process = Command::new(program)
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.path={}", folder.path().display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--cluster.listen-address=")
            .stderr(Stdio::null())
            .spawn()
            .expect("alertmanager starts");
        let server = Self { process, address: format!("http://{address}"), _folder: folder };
        let deadline = Instant::now() + Duration::from_secs(60);
        while try_get(&format!("{}/-/ready", server.address)).is_none_or(|(status, _)| status != 200) {
            assert!(Instant::now() < deadline, "alertmanager is not ready");
            std::thread::sleep(Duration::from_millis(100));
        }
        server
    }

    pub(super) fn get(&self, path: &str) -> String {
        try_get(&format!("{}{path}", self.address)).expect("an answer").1
    }

    pub(super) fn post(&self, alerts: &[Value]) {
        let url = format!("{}/api/v2/alerts", self.address);
        let body = Value::from(alerts).to_string();
        let answer = agent().post(url).header("content-type", "application/json").send(body).unwrap();
        assert_eq!(answer.status(), 200);
    }

    /// The states of an alert, behind the application where it has one; once no group waits any more.
    pub(super) fn states(&self, name: &str) -> Vec<String> {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let alerts: Vec<Value> = serde_json::from_str(&self.get("/api/v2/alerts")).unwrap();
            let named = alerts.iter().filter(|alert| alert["labels"]["alertname"] == name);
            let state = |alert: &Value| {
                let app = alert["labels"]["app"].as_str().unwrap_or_default();
                format!("{app} {}", alert["status"]["state"].as_str().unwrap()).trim().to_owned()
            };
            let mut states: Vec<_> = named.map(state).collect();
            states.sort();
            if !states.is_empty() && states.iter().all(|state| !state.ends_with("unprocessed")) {
                return states;
            }
            assert!(Instant::now() < deadline, "{name}: {states:?}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
