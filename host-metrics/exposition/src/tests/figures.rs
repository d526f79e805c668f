//! How long an exposition takes. Run it with
//! `cargo test --release -p host-metrics --no-default-features --lib figures -- --ignored --nocapture`.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

/// Expositions of each kind; the kernel tells CPU time in hundredths of a second.
const TIMES: u64 = 50;

/// Applications with every series in use, 100,000 in text.
fn large() -> Snapshot {
    let (mut registry, models) = (Registry::default(), models());
    let mut snapshot = snapshot(Registry::default());
    for number in 0.. {
        let app = format!("application-{number}");
        registry.expect_app(&app, &models, NOW);
        for duration in 0..40 {
            let durations = portent_event::Durations {
                total: 100_000 << (duration % 12),
                score: Some(5_000 * duration),
                ..event().durations
            };
            registry.apply(&Event { app: app.as_str().into(), durations, ..event() }, &models, NOW);
        }
        snapshot.registry = registry.clone();
        if series(&snapshot) >= 100_000 {
            break;
        }
    }
    snapshot
}

fn series(snapshot: &Snapshot) -> usize {
    snapshot.to_text().lines().filter(|line| !line.starts_with('#')).count()
}

#[test]
#[ignore = "measures, and needs a release build"]
fn figures() {
    let snapshot = large();
    let report = |name: &str, work: &dyn Fn() -> Vec<u8>| {
        let cpu = || Process::read().cpu.unwrap();
        let before = cpu();
        let bytes: usize = (0..TIMES).map(|_| std::hint::black_box(work()).len()).sum();
        let microseconds = (cpu() - before) / TIMES / 1000;
        let line = format!("{name}: {microseconds} µs CPU, {} bytes\n", bytes / TIMES as usize);
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    };
    report(&format!("{} series, copied", series(&snapshot)), &|| {
        std::hint::black_box(snapshot.registry.clone());
        Vec::new()
    });
    for format in Format::ALL {
        report(&format!("{format:?}"), &|| snapshot.expose(format));
        let whole = snapshot.expose(format);
        report(&format!("gzip of {format:?}"), &|| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(&whole).unwrap();
            encoder.finish().unwrap()
        });
    }
    let aliased = aliases::aliased(snapshot.registry, aliases::ALIASES);
    report(&format!("Text with {} aliases", aliased.config.aliases.len()), &|| aliased.expose(Format::Text));
}
