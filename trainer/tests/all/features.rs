//! Derived features against pandas, by way of the script that the battery task's features are documented with.

use std::io::Write as _;
use std::process::{Command, Stdio};

use portent_model::{Derivation, DerivationKind, derive};
use portent_tests::judge;

const BASE: usize = 9;
const DELTA: [usize; 3] = [0, 2, 4];
const ROLLING: [usize; 3] = [0, 2, 3];
const WINDOWS: [usize; 3] = [6, 30, 60];
const WIDTH: usize = BASE + DELTA.len() + 2 * ROLLING.len() * WINDOWS.len();
const ROWS: usize = 200;

/// Reads rows of the nine sensors, and writes those of all features; without the clipping to quantiles, which knows
/// the future and is no part of `derive`.
const SCRIPT: &str = "
import sys; sys.path.insert(0, sys.argv[1])
import pandas as pd, hvs_features as h
h.CLIP = []
d = pd.read_csv(sys.stdin, names=h.BASE)
d['Module_ID'] = 1; d['Timestamp'] = range(len(d))
sys.stdout.write(h.features(d)[h.FEATURES].to_csv(header=False, index=False, float_format='%.17g'))
";

#[test]
fn derived_features_are_those_of_pandas() {
    let Some(script) = judge::data("hvs_features.py") else { return };
    let python = judge::program("python3").filter(|python| {
        let import = Command::new(python).args(["-c", "import pandas"]).stderr(Stdio::null()).status();
        import.is_ok_and(|status| status.success())
    });
    let Some(python) = judge::found(python, "pandas") else { return };
    let mut rows = rows();
    let text: String = rows.chunks(WIDTH).map(line).collect();
    let mut judge = Command::new(python)
        .args(["-c", SCRIPT])
        .arg(script.parent().unwrap())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    judge.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = judge.wait_with_output().unwrap();
    assert!(output.status.success());
    let expected: Vec<f64> = std::str::from_utf8(&output.stdout)
        .unwrap()
        .split([',', '\n'])
        .filter(|cell| !cell.is_empty())
        .map(|cell| cell.parse().unwrap())
        .collect();

    derive(WIDTH, &derivations(), &mut rows).unwrap();
    assert_eq!(rows.len(), expected.len());
    for (index, (actual, expected)) in rows.iter().zip(&expected).enumerate() {
        let (row, feature) = (index / WIDTH, index % WIDTH);
        assert!((actual - expected).abs() <= 1e-9, "row {row}, feature {feature}: {actual}, {expected}");
    }
}

/// The features behind the sensors, in the order of the script.
fn derivations() -> Vec<Derivation> {
    let mut features = BASE..;
    let mut next =
        |kind, source, window| features.next().map(|feature| Derivation { feature, kind, source, window });
    let mut derivations: Vec<_> =
        DELTA.iter().map(|source| next(DerivationKind::Delta, *source, 1)).collect();
    for (source, window) in ROLLING.iter().flat_map(|source| WINDOWS.map(|window| (*source, window))) {
        derivations.push(next(DerivationKind::RollingMean, source, window));
        derivations.push(next(DerivationKind::RollingStd, source, window));
    }
    derivations.into_iter().flatten().collect()
}

/// Sensors that wander, stand still and are missing at times: at the start, in the middle and at the end.
fn rows() -> Vec<f64> {
    let mut rows = Vec::new();
    for row in 0..ROWS {
        for sensor in 0..WIDTH {
            let phase = row as f64 / (3.0 + sensor as f64);
            let value = 25.0 + 10.0 * sensor as f64 + phase.sin() * (1 + row % 7) as f64;
            let is_missing = sensor >= BASE || (row + 13 * sensor) % 17 < 2 || (sensor == 3 && row > 190);
            let stands_still = sensor == 2 && (60..130).contains(&row);
            rows.push(if is_missing {
                f64::NAN
            } else if stands_still {
                370.1
            } else {
                value
            });
        }
    }
    rows
}

/// The sensors of a row as CSV, a missing one as an empty cell.
fn line(row: &[f64]) -> String {
    let cells =
        row.iter().take(BASE).map(|value| if value.is_nan() { String::new() } else { value.to_string() });
    cells.collect::<Vec<_>>().join(",") + "\n"
}
