//! A real Prometheus server for tests, and queries of what it has scraped.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use portent_tests::deploy;
use serde_json::Value;

use crate::fixture::try_get;

/// Where no program listens.
const NOBODY: &str = "127.0.0.1:1";

/// A Prometheus server on a port and in a folder of its own.
pub(crate) struct Prometheus {
    process: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Prometheus {
    /// Starts a server with the shipped configuration, but every second, and waits until it has scraped.
    pub(crate) fn scraping(program: &Path, metrics: &str, options: &[&str]) -> Self {
        let server = Self::configured(program, metrics, options, |_| {});
        assert_eq!(server.query("up{job=\"host-metrics\"}"), [1.0], "the last scrape succeeded");
        server
    }

    /// The same, after the folder with its configuration has been edited.
    pub(crate) fn configured(
        program: &Path,
        metrics: &str,
        options: &[&str],
        edit: impl FnOnce(&Path),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let config = shipped_configuration(folder.path(), metrics, &address);
        edit(folder.path());
        let process = Command::new(program)
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .args(options)
            .stderr(Stdio::null())
            .spawn()
            .expect("prometheus starts");
        let server = Self { process, address: format!("http://{address}"), _folder: folder };
        let deadline = Instant::now() + Duration::from_secs(60);
        while server.query("count_over_time(up{job=\"host-metrics\"}[1m]) >= 4").is_empty() {
            assert!(Instant::now() < deadline, "prometheus does not scrape");
            std::thread::sleep(Duration::from_millis(200));
        }
        server
    }

    /// Values that an instant query returns; none while the server is starting.
    pub(crate) fn query(&self, query: &str) -> Vec<f64> {
        let results = self.results("query", query);
        results.iter().filter_map(|result| result["value"][1].as_str()?.parse().ok()).collect()
    }

    /// Every scraped series that is a plain number, by its name and labels as an exposition writes them.
    pub(crate) fn series(&self) -> BTreeMap<String, f64> {
        let results = self.results("query", "{job=\"host-metrics\"}");
        let series = |result: &Value| {
            let labels = result["metric"].as_object()?;
            let name = labels["__name__"].as_str().filter(|name| !name.contains(':'))?;
            let own =
                labels.iter().filter(|(name, _)| !["__name__", "job", "instance"].contains(&name.as_str()));
            let own: BTreeMap<_, _> =
                own.map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
            let value = result["value"][1].as_str()?.parse().ok()?;
            Some((series_name(name, &own), value))
        };
        results.iter().filter_map(series).collect()
    }

    /// Exemplars of a query's series.
    pub(crate) fn exemplars(&self, query: &str) -> Vec<Value> {
        let results = self.results("query_exemplars", query);
        results.iter().filter_map(|result| result["exemplars"].as_array().cloned()).flatten().collect()
    }

    /// Series at a moment, with their labels: what `query` of the HTTP API returns.
    pub(crate) fn instant(&self, query: &str, time: f64) -> Vec<Value> {
        self.ask(&format!("query?query={}&time={time}", encoded(query)))
    }

    /// Series over the time before a moment: what `query_range` of the HTTP API returns.
    pub(crate) fn range(&self, query: &str, time: f64, seconds: u32, step: u32) -> Vec<Value> {
        let start = time - f64::from(seconds);
        self.ask(&format!("query_range?query={}&start={start}&end={time}&step={step}", encoded(query)))
    }

    #[track_caller]
    fn ask(&self, question: &str) -> Vec<Value> {
        let (_, text) = try_get(&format!("{}/api/v1/{question}", self.address)).expect("prometheus answers");
        let mut answer: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(answer["status"], "success", "{text}");
        let result = answer["data"]["result"].take();
        result.as_array().expect("series").clone()
    }

    /// Every rule that the server evaluates, and how that went; none while it is starting.
    pub(crate) fn rules(&self) -> Vec<Value> {
        let Some((_, text)) = try_get(&format!("{}/api/v1/rules", self.address)) else { return Vec::new() };
        let answer: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        list(&answer["data"]["groups"]).iter().flat_map(|group| list(&group["rules"])).collect()
    }

    fn results(&self, endpoint: &str, query: &str) -> Vec<Value> {
        let encoded = encoded(query);
        let range = if endpoint == "query" { "" } else { "&start=0&end=9999999999" };
        let url = format!("{}/api/v1/{endpoint}?query={encoded}{range}", self.address);
        let Some((_, text)) = try_get(&url) else { return Vec::new() };
        let answer: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        let data = if endpoint == "query" { &answer["data"]["result"] } else { &answer["data"] };
        data.as_array().cloned().unwrap_or_default()
    }
}

fn encoded(query: &str) -> String {
    query.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

/// Writes the shipped configuration and its rules into a folder: for this target, every second, and without an
/// Alertmanager, or a real one on this machine would hear of what is only tried.
fn shipped_configuration(folder: &Path, metrics: &str, address: &str) -> PathBuf {
    let config = folder.join("prometheus.yml");
    let shipped = std::fs::read_to_string(deploy::path("prometheus/prometheus.yml")).unwrap();
    let places = [("127.0.0.1:9464", metrics), ("127.0.0.1:9090", address), ("127.0.0.1:9093", NOBODY)];
    let own = places.iter().fold(shipped, |text, (shipped, own)| text.replace(shipped, own));
    std::fs::write(&config, own.replace("15s", "1s")).unwrap();
    std::fs::create_dir(folder.join("rules")).unwrap();
    for file in deploy::files("prometheus/rules", ".yaml") {
        let rules = std::fs::read_to_string(&file).unwrap().replace("interval: 1m", "interval: 1s");
        std::fs::write(folder.join("rules").join(file.file_name().unwrap()), rules).unwrap();
    }
    config
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The series of an exposition in text format 0.0.4, as [`Prometheus::series`] names them.
pub(crate) fn exposed_series(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let series = lines.map(|line| {
        let (series, value) = line.rsplit_once(' ').unwrap();
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let labels = labels.strip_suffix('}').unwrap().split("\",").filter(|label| !label.is_empty());
        let labels = labels.map(|label| label.trim_end_matches('"').split_once("=\"").unwrap()).collect();
        (series_name(name, &labels), value.parse().unwrap())
    });
    series.collect()
}

fn series_name(name: &str, labels: &BTreeMap<&str, &str>) -> String {
    let labels: Vec<_> = labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
    format!("{name}{{{}}}", labels.join(","))
}

/// An address that passes requests on with another `Accept`: Debian's Prometheus cannot be told what to ask for.
pub(crate) fn asking_for(accept: &'static str, metrics: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            // A scraper that goes away ends its request, and nothing else.
            let _ = pass_on(&client, accept, &metrics);
        }
    });
    address
}

fn pass_on(mut client: &TcpStream, accept: &str, metrics: &str) -> std::io::Result<()> {
    let head =
        BufReader::new(client).lines().map_while(Result::ok).take_while(|line| !line.is_empty()).count();
    assert!(head > 0, "a request has a head");
    let mut upstream = TcpStream::connect(metrics)?;
    write!(upstream, "GET /metrics HTTP/1.1\r\nhost: a\r\nconnection: close\r\naccept: {accept}\r\n\r\n")?;
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer)?;
    client.write_all(&answer)
}
