//! Nanoseconds that opening artefacts and scoring rows take, for a linear model and two forests made here.
//!
//! `cargo run --release -p portent-model --example score`, or the same with `--target wasm32-wasip2` and a
//! runner for it.
#![expect(clippy::print_stdout, reason = "a measurement is for its reader")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use portent_model::{
    Aggregate, ClassSpec, Column, EnsembleSpec, FeatureKind, FeatureSpec, Interface, InvalidSpec, LinearSpec,
    Link, MissingPolicy, Model, ModelSpec, NodeSpec, Parameters, Precision, Test, TreeSpec,
};

const FEATURES: usize = 13;
const TREES: usize = 100;
const BATCH: usize = 1000;

/// Tests drawn for a split of a tree.
const TESTS: usize = 20;

/// The least of many short rounds: what the machine does when nothing else disturbs it.
const ROUNDS: usize = 300;
const ROUND: Duration = Duration::from_millis(2);

fn main() -> Result<(), InvalidSpec> {
    let mut random = Random(42);
    let columns = (0..).take(FEATURES).map(|feature| Column::Standardise { feature, mean: 0.5, scale: 0.3 });
    let linear =
        LinearSpec { intercept: -0.1, weights: (0..FEATURES).map(|_| random.uniform() - 0.5).collect() };
    report("linear", Parameters::Linear { columns: columns.collect(), linear }, &mut random)?;
    for rows in [300, 5000] {
        let trees = (0..TREES).map(|_| tree(rows, &mut random)).collect();
        let ensemble = EnsembleSpec {
            aggregate: Aggregate::Vote,
            link: Link::Identity,
            test: Test::AtMost,
            inputs: Precision::Double,
            sum: Precision::Double,
            base: 0.0,
            trees,
        };
        report(&format!("forest grown on {rows} rows"), Parameters::Trees(ensemble), &mut random)?;
    }
    Ok(())
}

fn report(name: &str, parameters: Parameters, random: &mut Random) -> Result<(), InvalidSpec> {
    if let Parameters::Trees(ensemble) = &parameters {
        let nodes: usize = ensemble.trees.iter().map(|tree| tree.nodes.len()).sum();
        println!("{TREES} trees, {nodes} nodes");
    }
    let file = spec(parameters).to_bytes()?;
    let model = Model::open(&file)?;
    let rows: Vec<f64> = (0..BATCH * FEATURES).map(|_| random.uniform()).collect();
    let mut each = rows.chunks(FEATURES).cycle();
    let single = nanoseconds(|| {
        black_box(model.score(each.next().unwrap_or_default()).is_ok());
    });
    let mut scores = Vec::with_capacity(BATCH);
    let batch = nanoseconds(|| {
        scores.clear();
        black_box(model.score_batch(black_box(&rows), &mut scores).is_ok());
    });
    let open = nanoseconds(|| {
        black_box(Model::open(black_box(&file)).is_ok());
    });
    let open_verified = nanoseconds(|| {
        black_box(Model::open_verified(black_box(&file)).is_ok());
    });
    println!(
        "{name}, {} bytes: {single:.0} ns per row, {:.0} ns per row of {BATCH}; open {open:.0} ns, verified {open_verified:.0} ns",
        file.len(),
        batch / BATCH as f64
    );
    Ok(())
}

/// Nanoseconds of one call: the least over the rounds.
fn nanoseconds(mut call: impl FnMut()) -> f64 {
    let mut calls = 1_u32;
    let mut round = move |calls: u32| {
        let start = Instant::now();
        (0..calls).for_each(|_| call());
        start.elapsed()
    };
    while round(calls) < ROUND {
        calls *= 2;
    }
    let rounds = (0..ROUNDS).map(|_| round(calls).as_nanos() as f64 / f64::from(calls));
    rounds.fold(f64::INFINITY, f64::min)
}

/// A tree grown until its leaves are pure, as those of a forest are: each split is the best of a few tests
/// drawn at random.
fn tree(rows: usize, random: &mut Random) -> TreeSpec {
    let row = |random: &mut Random| -> (Vec<f64>, bool) {
        let row: Vec<f64> = (0..FEATURES).map(|_| random.uniform()).collect();
        let positive = row[0] + row[1] * row[2] + 0.2 * random.uniform() > 0.85;
        (row, positive)
    };
    let data = (0..rows).map(|_| row(random)).collect();
    let mut tree = TreeSpec { nodes: Vec::new() };
    grow(&mut tree.nodes, data, random);
    tree
}

fn grow(nodes: &mut Vec<NodeSpec>, data: Vec<(Vec<f64>, bool)>, random: &mut Random) -> u32 {
    let index = nodes.len();
    let positive = data.iter().filter(|(_, positive)| *positive).count();
    nodes.push(NodeSpec::Leaf { value: f64::from(u8::from(2 * positive > data.len())) });
    let draws = (0..TESTS).map(|_| draw(&data, random));
    let best = draws.min_by(|a, b| impurity(&data, *a).total_cmp(&impurity(&data, *b)));
    if let Some((feature, threshold)) = best.filter(|_| positive > 0 && positive < data.len()) {
        let (holds, fails): (Vec<_>, Vec<_>) =
            data.into_iter().partition(|(row, _)| row[feature] <= threshold);
        if !holds.is_empty() && !fails.is_empty() {
            let (holds, fails) = (grow(nodes, holds, random), grow(nodes, fails, random));
            let feature = feature as u32;
            nodes[index] =
                NodeSpec::Split { feature, threshold, holds, fails, missing_holds: false, mean: None };
        }
    }
    index as u32
}

/// A feature, and a threshold between two rows.
fn draw(data: &[(Vec<f64>, bool)], random: &mut Random) -> (usize, f64) {
    let feature = (random.uniform() * FEATURES as f64) as usize;
    let mut value = || data[(random.uniform() * data.len() as f64) as usize].0[feature];
    (feature, (value() + value()) / 2.0)
}

/// Gini impurity of the two sides, times their rows.
fn impurity(data: &[(Vec<f64>, bool)], (feature, threshold): (usize, f64)) -> f64 {
    let mut counts = [[0.0; 2]; 2];
    data.iter().for_each(|(row, positive)| {
        counts[usize::from(row[feature] <= threshold)][usize::from(*positive)] += 1.0;
    });
    counts.iter().map(|[a, b]: &[f64; 2]| a * b / (a + b).max(1.0)).sum()
}

fn spec(parameters: Parameters) -> ModelSpec {
    let feature = |index| FeatureSpec {
        name: format!("feature{index}"),
        unit: String::new(),
        description: String::new(),
        kind: FeatureKind::Number,
        missing: MissingPolicy::Reject,
        lower: 0.0,
        upper: 1.0,
        plausible: (0.0, 1.0),
        imputed: 0.5,
        categories: Vec::new(),
    };
    ModelSpec {
        name: "example".to_owned(),
        app: "example".to_owned(),
        version: "1".to_owned(),
        model_type: "Example".to_owned(),
        description: String::new(),
        threshold: 0.5,
        positive_class: 1,
        features: (0..FEATURES).map(feature).collect(),
        encodings: Vec::new(),
        classes: ["no", "yes"].map(|name| ClassSpec { name: name.to_owned(), share: 0.5 }).into(),
        parameters,
        profiles: Vec::new(),
        self_check: Vec::new(),
        metadata: String::new(),
        interface: Interface::default(),
        derivations: Vec::new(),
    }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    /// A number from 0 to 1.
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}
