//! The program as its users meet it: options, exit statuses, signals.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a step that fails is a test that fails")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const LINE: &str = concat!(
    r#"{"portent":1,"time":"2023-11-14T22:13:10Z","app":"demo","request_id":"r","method":"POST","#,
    r#""route":"/predict","status":422,"error":"ValidationError","ns":{"total":1000}}"#,
    "\n"
);

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_host-metrics"));
    command.args(["serve", "--metrics", "127.0.0.1:0", "--ingest", "127.0.0.1:0"]);
    command
}

/// A running program; killed if a test fails in between.
struct Running {
    child: Child,
    metrics: String,
    ingest: String,
}

impl Running {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut address = |before: &str, after: &str| {
            let line = lines.next().unwrap().unwrap();
            line.strip_prefix(before).and_then(|line| line.strip_suffix(after)).expect(&line).to_owned()
        };
        let metrics = address("metrics http://", "/metrics");
        let ingest = address("ingest http://", "/v1/events");
        Self { child, metrics, ingest }
    }

    fn scrape(&self) -> String {
        let mut stream = TcpStream::connect(&self.metrics).unwrap();
        stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Sends a signal and returns the exit status.
    fn end(mut self, signal: &str) -> Option<i32> {
        let sent = Command::new("kill").args(["-s", signal, &self.child.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()));
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
    }
}

#[track_caller]
fn assert_fails(output: &Output, status: i32, part: &str) {
    let errors = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<_> = errors.lines().filter(|line| line.starts_with("host-metrics: ")).collect();
    assert_eq!(output.status.code(), Some(status), "{errors}");
    assert_eq!(lines.len(), 1, "{errors}");
    assert!(lines[0].contains(part), "{errors}");
}

/// The event is counted by the way of a file that is there, and the signal ends everything with status 0.
#[test]
fn a_followed_file_is_counted_until_a_signal_ends_the_program() {
    for signal in ["TERM", "INT"] {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("a.log"), format!("hello\n{LINE}{LINE}")).unwrap();
        let running = Running::start(program().arg("--tail").arg(directory.path().join("*.log")));
        let begun = Instant::now();
        while !running.scrape().contains("portent_events_received_total{way=\"tail\"} 2\n") {
            assert!(begun.elapsed() < Duration::from_secs(20), "{}", running.scrape());
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(running.scrape().contains("portent_lines_ignored_total 1\n"));
        assert!(TcpStream::connect(&running.ingest).is_ok());
        assert_eq!(running.end(signal), Some(0));
    }
}

/// The reason stands once, and behind the place.
#[test]
fn a_state_directory_that_cannot_be_made_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let directory = file.path().join("state");
    let output = program().arg("--state").arg(&directory).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    let line = error.lines().last().unwrap();
    let place = format!("host-metrics: {}: cannot create the directory: ", directory.display());
    assert_eq!((output.status.code(), line.matches("os error").count()), (Some(1), 1), "{line}");
    assert!(line.starts_with(&place), "{line}");
}

#[test]
fn an_address_in_use_is_one_clear_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for option in ["--metrics", "--ingest"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_host-metrics"));
        let other = if option == "--metrics" { "--ingest" } else { "--metrics" };
        let output = command.args(["serve", option, &address, other, "127.0.0.1:0"]).output().unwrap();
        let expected = format!("cannot listen on {address} ({option}): the port is in use");
        assert_fails(&output, 1, &expected);
    }
}

#[test]
fn wrong_options_are_one_line_and_status_64() {
    let cases: [(&[&str], &str); 7] = [
        (&["--tail", "a***"], "--tail a***"),
        (&["--models", "a***"], "--models a***"),
        (&["--log-level", "a=b=c"], "--log-level"),
        (&["--max-body", "lots"], "--max-body"),
        (&["--app", "a/b"], "--app"),
        (&["--metrics-tls-cert", "a"], "--metrics-tls-key"),
        (&["--nonsense"], "--nonsense"),
    ];
    for (options, part) in cases {
        assert_fails(&program().args(options).output().unwrap(), 64, part);
    }
    assert_fails(&Command::new(env!("CARGO_BIN_EXE_host-metrics")).output().unwrap(), 64, "subcommand");
}

/// Who may use a listener is settled before anything listens.
#[test]
fn an_exposed_listener_and_a_token_that_is_none_are_refused() {
    let mut exposed = Command::new(env!("CARGO_BIN_EXE_host-metrics"));
    let output =
        exposed.args(["serve", "--metrics", "0.0.0.0:0", "--ingest", "127.0.0.1:0"]).output().unwrap();
    assert_fails(&output, 64, "--metrics 0.0.0.0:0 is not a loopback address: give --metrics-token-file, or");
    let output = program().env("PORTENT_INGEST_TOKEN", "secret").output().unwrap();
    assert_fails(&output, 1, "PORTENT_INGEST_TOKEN, line 1: a token has 16 to 512 characters");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("secret"));
    let both = program().env("PORTENT_INGEST_TOKEN", "secret").args(["--ingest-token-file", "a"]).output();
    assert_fails(&both.unwrap(), 64, "--ingest-token-file and PORTENT_INGEST_TOKEN are both given");
}

#[test]
fn the_environment_may_hold_a_token() {
    let running = Running::start(program().env("PORTENT_METRICS_TOKEN", "0123456789abcdef"));
    assert!(running.scrape().starts_with("HTTP/1.1 401 "));
    assert_eq!(running.end("TERM"), Some(0));
}

#[test]
fn a_broken_artefact_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("broken.portent");
    std::fs::write(&path, "nonsense").unwrap();
    let output = program().arg("--models").arg(&path).output().unwrap();
    assert_fails(&output, 1, "broken.portent: not a Portent model artefact");
}

/// A valid file gives one line on stdout; an invalid one gives a line per problem on stderr, and status 64.
#[test]
fn a_configuration_file_is_checked() {
    let check = |path: &Path| {
        let output = Command::new(env!("CARGO_BIN_EXE_host-metrics")).arg("check-config").arg(path).output();
        let output = output.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap().replace(&path.display().to_string(), "FILE");
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let line = "FILE: ok: 6 aliases, at most 256 applications, 1000000 series, gauges expire after 1day\n";
    let example = Path::new("../deploy/host-metrics/hvs-and-heart.toml");
    assert_eq!(check(example), (Some(0), line.to_owned(), String::new()));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("wrong.toml");
    let text = "limits.apps = 0\n[[alias]]\nname = 'flask_x'\nfamily = 'x'\n[alias.labels]\n";
    std::fs::write(&path, text).unwrap();
    let lines = "host-metrics: FILE:1:15: limits.apps: not a number from 1 to 10000\n\
                 host-metrics: FILE:4:10: alias flask_x: family: no family has this name\n";
    assert_eq!(check(&path), (Some(64), String::new(), lines.to_owned()));
    let (status, _, errors) = check(&directory.path().join("absent.toml"));
    assert!(status == Some(64) && errors.starts_with("host-metrics: cannot read FILE: "), "{errors}");
}

#[test]
fn the_log_is_json_if_asked_for() {
    let mut running = Running::start(program().current_dir(Path::new("/")).args(["--log-format", "json"]));
    let mut errors = running.child.stderr.take().unwrap();
    assert_eq!(running.end("TERM"), Some(0));
    let mut log = String::new();
    errors.read_to_string(&mut log).unwrap();
    assert!(log.lines().count() >= 2 && log.lines().all(|line| line.starts_with('{')), "{log}");
}

#[test]
fn help_goes_to_stdout() {
    for option in ["--help", "--version"] {
        let output = Command::new(env!("CARGO_BIN_EXE_host-metrics")).arg(option).output().unwrap();
        assert!(output.status.success() && !output.stdout.is_empty() && output.stderr.is_empty());
    }
}
