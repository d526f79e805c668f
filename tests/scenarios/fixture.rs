//! Processes under test, and a client.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use portent_tests::external::workspace;
use serde_json::Value;

/// First row of the UCI data.
pub(crate) const FIRST_ROW: &str = r#"{"age":63,"sex":1,"cp":1,"trestbps":145,"chol":233,"fbs":1,"restecg":2,"thalach":150,"exang":0,"oldpeak":2.3,"slope":3,"ca":0,"thal":6}"#;

/// The example of the service that this replaces: the first row in Kaggle coding.
pub(crate) const KAGGLE_ROW: &str = r#"{"age":63,"sex":1,"cp":3,"trestbps":145,"chol":233,"fbs":1,"restecg":0,"thalach":150,"exang":0,"oldpeak":2.3,"slope":0,"ca":0,"thal":1}"#;

/// A build of the prediction component. Scenarios in which it matters take it as a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Build {
    /// For WASI 0.2.
    P2,
    /// For WASI 0.3.
    P3,
}

/// Makes two tests of each function that takes a [`Build`].
macro_rules! for_both_builds {
    ($($scenario:ident),+ $(,)?) => {
        mod p2 {
            $(#[test]
            fn $scenario() {
                super::$scenario($crate::fixture::Build::P2);
            })+
        }
        mod p3 {
            $(#[test]
            fn $scenario() {
                super::$scenario($crate::fixture::Build::P3);
            })+
        }
    };
}
pub(crate) use for_both_builds;

impl Build {
    /// Starts `portent up` on free ports, with the shipped manifest of this build.
    pub(crate) fn up(self, arguments: &[&str]) -> Running {
        assert!(self.component().exists(), "the component is not built: run `cargo xtask test`");
        Running::up_from(self.manifest(), arguments)
    }

    /// The shipped manifest.
    pub(crate) fn manifest(self) -> &'static str {
        match self {
            Self::P2 => "spin.toml",
            Self::P3 => "spin.p3.toml",
        }
    }

    /// The built component.
    pub(crate) fn component(self) -> PathBuf {
        let name = match self {
            Self::P2 => "predict.wasm",
            Self::P3 => "predict_p3.wasm",
        };
        workspace().join("target/wasm32-wasip2/wasm").join(name)
    }
}

/// A running `portent` or `host-metrics`, ended when dropped.
pub(crate) struct Running {
    process: Child,
    /// Base URLs by the first word of the line that announced them: `serving`, `metrics`, `ingest`.
    urls: Vec<(String, String)>,
}

impl Running {
    /// Starts `portent up` on free ports, with the shipped manifest for WASI 0.2.
    pub(crate) fn up(arguments: &[&str]) -> Self {
        Build::P2.up(arguments)
    }

    /// Starts `portent up` on free ports with a manifest.
    pub(crate) fn up_from(manifest: &str, arguments: &[&str]) -> Self {
        let mut command = portent();
        command.args(["up", "--listen", "127.0.0.1:0", "--from", manifest]).args(arguments);
        Self::start(command, 3)
    }

    /// Starts `host-metrics serve` on free ports.
    pub(crate) fn serve(arguments: &[&str]) -> Self {
        let mut command = host_metrics();
        command.arg("serve").args(arguments);
        Self::start(command, 2)
    }

    /// Starts a command that announces so many listeners, on free ports where it names none.
    pub(crate) fn start(mut command: Command, listeners: usize) -> Self {
        for option in ["--metrics", "--ingest"] {
            let is_given = |argument: &OsStr| argument.to_string_lossy().split('=').next() == Some(option);
            if !command.get_args().any(is_given) {
                command.args([option, "127.0.0.1:0"]);
            }
        }
        let mut process = command.stdout(Stdio::piped()).spawn().expect("the program starts");
        let output = BufReader::new(process.stdout.take().unwrap());
        let mut urls = Vec::new();
        for line in output.lines().map_while(Result::ok) {
            let words: Vec<_> = line.split_whitespace().collect();
            if let [name, url, ..] = words[..]
                && url.starts_with("http://")
            {
                urls.push((name.to_owned(), url.to_owned()));
            }
            if urls.len() == listeners {
                break;
            }
        }
        assert_eq!(urls.len(), listeners, "the program announces its addresses: {urls:?}");
        Self { process, urls }
    }

    /// An announced address: `http://HOST:PORT`.
    pub(crate) fn base(&self, name: &str) -> String {
        let (_, url) = self.urls.iter().find(|(found, _)| found == name).expect("announced");
        url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/")
    }

    pub(crate) fn authority(&self, name: &str) -> String {
        self.base(name).trim_start_matches("http://").to_owned()
    }

    /// Posts JSON to the prediction API.
    pub(crate) fn post(&self, path: &str, body: &str) -> (u16, Value) {
        post(&format!("{}{path}", self.base("serving")), body)
    }

    /// Gets from the listener for scrapes.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        get(&format!("{}{path}", self.base("metrics")))
    }

    /// The exposition.
    pub(crate) fn scrape(&self) -> String {
        get(&format!("{}/metrics", self.base("metrics"))).1
    }

    /// The exposition in the format that this `Accept` asks for.
    pub(crate) fn scrape_as(&self, accept: &str) -> String {
        let url = format!("{}/metrics", self.base("metrics"));
        let mut response = agent().get(url).header("accept", accept).call().expect("an answer");
        response.body_mut().read_to_string().unwrap()
    }

    /// Waits until the exposition has this line's value, and fails showing what it has instead.
    #[track_caller]
    pub(crate) fn wait_for(&self, line: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let text = self.scrape();
            if text.lines().any(|found| found == line) {
                return text;
            }
            let name = line.split(['{', ' ']).next().unwrap();
            let family: Vec<_> = text.lines().filter(|found| found.starts_with(name)).collect();
            assert!(Instant::now() < deadline, "no line {line:?} in {family:#?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Bytes that the process has, by the name that the kernel gives them.
    pub(crate) fn memory(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
    }

    /// Asks the process to stop and returns its exit code.
    pub(crate) fn stop(mut self) -> Option<i32> {
        terminate(&self.process);
        self.process.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The program `portent`.
pub(crate) fn portent() -> Command {
    program("portent")
}

/// The program `host-metrics`.
pub(crate) fn host_metrics() -> Command {
    program("host-metrics")
}

/// A program under test, as cargo built it beside this test.
fn program(name: &str) -> Command {
    let test = std::env::current_exe().unwrap();
    let program = test.parent().and_then(Path::parent).unwrap().join(name);
    assert!(program.exists(), "{} is not built: run `cargo xtask test`", program.display());
    let mut command = Command::new(program);
    command.current_dir(workspace()).stdin(Stdio::null());
    command
}

/// Sends SIGTERM.
pub(crate) fn terminate(process: &Child) {
    let status = Command::new("kill").arg(process.id().to_string()).status();
    assert!(status.is_ok_and(|status| status.success()), "kill works");
}

/// Posts JSON; the body of the answer is JSON, whatever its status.
pub(crate) fn post(url: &str, body: &str) -> (u16, Value) {
    let mut response =
        agent().post(url).header("content-type", "application/json").send(body).expect("an answer");
    let text = response.body_mut().read_to_string().unwrap();
    let json = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{url} answered {text:?}"));
    (response.status().as_u16(), json)
}

/// Gets a text.
pub(crate) fn get(url: &str) -> (u16, String) {
    try_get(url).expect("an answer")
}

/// Gets a text, if anyone answers.
pub(crate) fn try_get(url: &str) -> Option<(u16, String)> {
    let mut response = agent().get(url).call().ok()?;
    Some((response.status().as_u16(), response.body_mut().read_to_string().ok()?))
}

pub(crate) fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    config.timeout_global(Some(Duration::from_secs(30))).build().into()
}
