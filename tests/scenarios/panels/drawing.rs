//! Pictures of the dashboards for the documentation, drawn from what Prometheus answers. They are not Grafana's.
//!
//! `cargo test -p portent-tests --test scenarios -- --ignored draw_dashboards` sends traffic for
//! `PORTENT_DRAW_MINUTES` (10) minutes, keeps the answers in `target/dashboards` and draws them;
//! `--ignored draw_what_was_kept` draws what was kept. Needs chromium, and pngquant, which makes a picture of few colours
//! a third of the size.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use portent_tests::dashboard::{self, Dashboard, Substitution, items};
use portent_tests::external::{self, workspace};
use serde_json::{Value, json};

use super::{now, traffic, values, watched};
use crate::prometheus::Prometheus;

/// What draws: a page with `ANSWERS` in the place of the answers.
const PAGE: &str = include_str!("page.html");

const WIDTH: u32 = 1320;

/// Pixels of a row of the grid, and above the first.
const CELL: u64 = 34;
const HEAD: u64 = 66;

/// Points of a graph.
const POINTS: u32 = 60;

fn kept() -> PathBuf {
    workspace().join("target/dashboards")
}

/// A target's answer: its series over the time, and at its end.
fn answered(server: &Prometheus, target: &Value, values: &Substitution, time: f64, seconds: u32) -> Value {
    let query = values.apply(target["expr"].as_str().unwrap());
    let series = if target["instant"] == true {
        server.instant(&query, time)
    } else {
        server.range(&query, time, seconds, seconds / POINTS)
    };
    json!({ "target": target, "series": series })
}

fn answers(server: &Prometheus, dashboard: &Dashboard, time: f64, seconds: u32) -> Value {
    let values = values().with("__rate_interval", "20s").with("__range", &format!("{seconds}s"));
    let draw = |panel: &&Value| {
        let targets = items(panel, "/targets");
        let answers: Vec<_> =
            targets.map(|target| answered(server, target, &values, time, seconds)).collect();
        json!({ "panel": panel, "answers": answers })
    };
    let panels: Vec<_> = dashboard.panels_and_rows().iter().map(draw).collect();
    let start = time - f64::from(seconds);
    json!({ "title": dashboard.field("title"), "start": start, "end": time, "step": seconds / POINTS, "panels": panels })
}

/// Draws the kept answers of a dashboard into `docs/`.
fn draw(browser: &Path, quantizer: &Path, name: &str) {
    let text = std::fs::read_to_string(kept().join(format!("{name}.json"))).expect("answers were kept");
    let answers: Value = serde_json::from_str(&text).unwrap();
    let bottom = |one: &Value| {
        let place = &one["panel"]["gridPos"];
        place["y"].as_u64().unwrap() + place["h"].as_u64().unwrap()
    };
    let rows = items(&answers, "/panels").map(bottom).max().unwrap();
    let page = kept().join(format!("{name}.html"));
    // A text in a script ends at no tag.
    std::fs::write(&page, PAGE.replacen("ANSWERS", &text.replace("</", "<\\/"), 1)).unwrap();
    let picture = workspace().join(format!("docs/dashboard-{name}.png"));
    let status = Command::new(browser)
        .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"])
        .arg(format!("--window-size={WIDTH},{}", rows * CELL + HEAD))
        .arg(format!("--screenshot={}", picture.display()))
        .arg(&page)
        .stderr(Stdio::null())
        .status();
    assert!(status.unwrap().success(), "the browser draws {name}");
    let smaller = ["--force", "--skip-if-larger", "--ext=.png", "--speed=1", "128"];
    let status = Command::new(quantizer).args(smaller).arg(&picture).status();
    assert!(status.unwrap().success(), "pngquant reads {name}");
    let size = std::fs::metadata(&picture).unwrap().len();
    assert!((10_000..400_000).contains(&size), "{} has {size} bytes", picture.display());
}

fn names() -> Vec<String> {
    let name = |one: &Dashboard| one.file.file_stem().unwrap().to_string_lossy().into_owned();
    dashboard::shipped().iter().map(name).collect()
}

#[test]
#[ignore = "writes the pictures of the documentation, after minutes of traffic"]
fn draw_dashboards() {
    let Some(program) = external::program("prometheus") else { return };
    let Some(browser) = external::program("chromium") else { return };
    let Some(quantizer) = external::program("pngquant") else { return };
    let minutes: u32 = std::env::var("PORTENT_DRAW_MINUTES").map_or(10, |text| text.parse().unwrap());
    let (host, server, _state) = watched(&program, "groups: []");
    let start = Instant::now();
    let whole = Duration::from_secs(u64::from(minutes) * 60);
    while start.elapsed() < whole {
        let passed = start.elapsed();
        traffic::varied(&host, passed.as_secs_f64(), passed.div_duration_f64(whole));
    }
    let time = now();
    std::fs::create_dir_all(kept()).unwrap();
    for (dashboard, name) in dashboard::shipped().iter().zip(names()) {
        let answers = answers(&server, dashboard, time, minutes * 60);
        std::fs::write(kept().join(format!("{name}.json")), answers.to_string()).unwrap();
    }
    names().iter().for_each(|name| draw(&browser, &quantizer, name));
}

#[test]
#[ignore = "writes the pictures of the documentation, from answers that were kept"]
fn draw_what_was_kept() {
    let Some(browser) = external::program("chromium") else { return };
    let Some(quantizer) = external::program("pngquant") else { return };
    names().iter().for_each(|name| draw(&browser, &quantizer, name));
}
