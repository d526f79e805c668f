//! Time of scoring a row, beside smartcore's own `predict`: `cargo run --release -p trainer --example
//! scoring`.
//!
//! smartcore predicts with the very forest that ours was taken from, and with a logistic regression of as
//! many columns; the shipped models are measured as they are. All run natively and on one core.

#![allow(clippy::print_stdout, reason = "it is there to print")]

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};
use portent_model::{Model, Parameters};
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linear::logistic_regression::{LogisticRegression, LogisticRegressionParameters};
use trainer::forest::{Forest, fit};
use trainer::hvs;
use trainer::hvs::features::{WIDTH, features};
use trainer::hvs::recording::Label;
use trainer::hvs::simulator::simulate;
use trainer::train::bare;

const BATCH: usize = 1000;

/// Each figure is the best of so many, each over so many rows at least.
const REPEATS: usize = 50;
const ROWS: usize = 20_000;

fn main() -> Result<()> {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
    let read = |name: &str| std::fs::read(models.join(name)).with_context(|| name.to_owned());
    println!("{:<44} {:>12} {:>18}", "", "ns, one row", "ns a row of 1,000");
    let (hvs, heart) = (read("hvs.portent")?, read("heart-disease.portent")?);
    let rows = hvs_rows()?;
    ours("hvs, as shipped", &Model::open(&hvs)?, &rows.values)?;
    forests(&rows)?;
    let heart = Model::open(&heart)?;
    let heart_rows: Vec<f64> = heart.self_check_rows().flat_map(|check| check.row).collect();
    let heart_rows = heart_rows.repeat(ROWS / 32);
    ours("heart disease, as shipped", &heart, &heart_rows)?;
    regression(&heart, &heart_rows)
}

struct Rows {
    values: Vec<f64>,
    positive: Vec<bool>,
}

/// Features of every fifth reading of some scenarios.
fn hvs_rows() -> Result<Rows> {
    let mut rows = Rows { values: Vec::new(), positive: Vec::new() };
    for recording in (0..20).map(|number| simulate(1, number)) {
        for series in &recording.modules {
            let features = features(&series.readings)?;
            for (row, label) in features.chunks_exact(WIDTH).zip(&series.labels).step_by(5) {
                rows.values.extend(row);
                rows.positive.push(*label == Label::Hazardous);
            }
        }
    }
    Ok(rows)
}

/// A forest of the shipped one's size, in our form and in smartcore's.
fn forests(rows: &Rows) -> Result<()> {
    let fitted = fit(&rows.values, WIDTH, &rows.positive, hvs::Settings::default().growth, 1)?;
    let file = bare(&hvs::task(), Parameters::Trees(Forest::of(&fitted)?.voting()?)).to_bytes()?;
    ours("forest fitted here, ours", &Model::open(&file)?, &rows.values)?;
    theirs("forest fitted here, smartcore's predict", WIDTH, &rows.values, |matrix| {
        Ok(fitted.predict(matrix)?)
    })
}

fn regression(heart: &Model<'_>, rows: &[f64]) -> Result<()> {
    let width = heart.feature_count();
    let classes: Vec<u32> = (0..u32::try_from(rows.len() / width)?).map(|row| row % 2).collect();
    let matrix = DenseMatrix::new(classes.len(), width, rows.to_vec(), false)?;
    let fitted =
        LogisticRegression::fit(&matrix, &classes, LogisticRegressionParameters::default().with_alpha(1.0))?;
    theirs("logistic regression, smartcore's predict", width, rows, |matrix| Ok(fitted.predict(matrix)?))
}

fn ours(name: &str, model: &Model<'_>, rows: &[f64]) -> Result<()> {
    let width = model.feature_count();
    let single = best(|row| Ok(model.score(cut(rows, row, 1, width))?), 1)?;
    let mut scores = Vec::with_capacity(BATCH);
    let batch = best(
        |row| {
            scores.clear();
            model.score_batch(cut(rows, row, BATCH, width), &mut scores).map_err(|(_, error)| error)?;
            Ok(scores.iter().sum())
        },
        BATCH,
    )?;
    println!("{name:<44} {single:>12.0} {batch:>18.0}");
    Ok(())
}

/// Making the matrix of a request belongs to the time, since `predict` takes nothing else.
fn theirs(
    name: &str,
    width: usize,
    rows: &[f64],
    predict: impl Fn(&DenseMatrix<f64>) -> Result<Vec<u32>>,
) -> Result<()> {
    let time = |count: usize| {
        best(
            |row| {
                let matrix = DenseMatrix::new(count, width, cut(rows, row, count, width).to_vec(), false)?;
                Ok(f64::from(predict(&matrix)?.iter().sum::<u32>()))
            },
            count,
        )
    };
    println!("{name:<44} {:>12.0} {:>18.0}", time(1)?, time(BATCH)?);
    Ok(())
}

/// `count` rows from one that differs from call to call.
fn cut(rows: &[f64], row: usize, count: usize, width: usize) -> &[f64] {
    let first = row * 97 % (rows.len() / width - count + 1);
    &rows[first * width..(first + count) * width]
}

/// Nanoseconds a row.
fn best(mut score: impl FnMut(usize) -> Result<f64>, count: usize) -> Result<f64> {
    let calls = ROWS.div_ceil(count);
    let mut best = f64::INFINITY;
    for repeat in 0..REPEATS {
        let start = Instant::now();
        for call in 0..calls {
            black_box(score(black_box(repeat * calls + call))?);
        }
        best = best.min(start.elapsed().as_nanos() as f64 / (calls * count) as f64);
    }
    Ok(best)
}
