//! Forests against smartcore's own predictions, bit by bit.

use portent_model::{EnsembleSpec, MissingPolicy, Model, NodeSpec, Parameters};
use serde_json::Value;
use smartcore::linalg::basic::matrix::DenseMatrix;
use trainer::forest::{Fitted, Forest, Growth, fit};
use trainer::hvs;
use trainer::hvs::features::{WIDTH, features};
use trainer::hvs::recording::Label;
use trainer::hvs::simulator::simulate;
use trainer::train::bare;

const ROWS: usize = 100_000;

/// An even number of trees, so that votes can be tied.
const GROWTH: Growth = Growth { trees: 40, max_depth: 12, min_samples_leaf: 3, features_a_split: 5 };

struct Trained {
    fitted: Fitted,
    rows: Vec<f64>,
    positive: Vec<bool>,
}

/// A forest on rows of a few simulated racks.
fn trained() -> Trained {
    let (mut rows, mut positive) = (Vec::new(), Vec::new());
    for number in 0..12 {
        for series in simulate(8, number).modules {
            let features = features(&series.readings).unwrap();
            let step = if series.runaway_start().is_some() { 3 } else { 40 };
            for (row, label) in features.chunks_exact(WIDTH).zip(&series.labels).step_by(step) {
                rows.extend(row);
                positive.push(*label == Label::Hazardous);
            }
        }
    }
    Trained { fitted: fit(&rows, WIDTH, &positive, GROWTH, 5).unwrap(), rows, positive }
}

/// The battery model with this forest, where missing values are left to the trees.
fn artefact(ensemble: EnsembleSpec) -> Vec<u8> {
    let mut spec = bare(&hvs::task(), Parameters::Trees(ensemble));
    spec.features.iter_mut().for_each(|feature| feature.missing = MissingPolicy::Impute);
    spec.to_bytes().unwrap()
}

/// SplitMix64, here again so that the rows do not depend on the code under test.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }
}

/// Rows whose values are those of the training rows, thresholds, the numbers next to a threshold, or extreme;
/// a missing value now and then.
fn rows(trained: &Trained, ensemble: &EnsembleSpec) -> Vec<f64> {
    let mut thresholds = vec![Vec::new(); WIDTH];
    for node in ensemble.trees.iter().flat_map(|tree| &tree.nodes) {
        if let NodeSpec::Split { feature, threshold, .. } = node {
            thresholds[*feature as usize].push(*threshold);
        }
    }
    let mut random = Random(3);
    let mut rows = Vec::with_capacity(ROWS * WIDTH);
    for _ in 0..ROWS {
        let base = random.below(trained.positive.len()) * WIDTH;
        for (feature, thresholds) in thresholds.iter().enumerate() {
            let seen = trained.rows[base + feature];
            let threshold =
                if thresholds.is_empty() { seen } else { thresholds[random.below(thresholds.len())] };
            rows.push(match random.below(100) {
                0..60 => seen,
                60..75 => threshold,
                75..85 => threshold.next_up(),
                85..95 => threshold.next_down(),
                95 => f64::NAN,
                96 => -0.0,
                97 => 1e300,
                98 => -1e300,
                _ => trained.rows[random.below(trained.rows.len())],
            });
        }
    }
    rows
}

/// Votes for the second class, by walking the nodes of smartcore's serialised form.
fn votes(forest: &Value, row: &[f64]) -> usize {
    let trees = forest["trees"].as_array().unwrap();
    let vote = |tree: &Value| {
        let mut node = &tree["nodes"][0];
        while !node["true_child"].is_null() {
            let value = row[node["split_feature"].as_u64().unwrap() as usize];
            let holds = value <= node["split_value"].as_f64().unwrap();
            let child = &node[if holds { "true_child" } else { "false_child" }];
            node = &tree["nodes"][child.as_u64().unwrap() as usize];
        }
        node["output"].as_u64().unwrap() as usize
    };
    trees.iter().map(vote).sum()
}

/// 100,000 rows: the class is smartcore's, and the score is the share of its trees that vote for it.
#[test]
fn a_forest_predicts_as_smartcore() {
    let trained = trained();
    let ensemble = Forest::of(&trained.fitted).unwrap().voting().unwrap();
    let rows = rows(&trained, &ensemble);
    let file = artefact(ensemble);
    let model = Model::open(&file).unwrap();
    let matrix = DenseMatrix::new(ROWS, WIDTH, rows.clone(), false).unwrap();
    let expected = trained.fitted.predict(&matrix).unwrap();
    let serial = serde_json::to_value(&trained.fitted).unwrap();
    let (mut tied, mut classes) = (0, [0, 0]);
    let mut batch = Vec::new();
    model.score_batch(&rows, &mut batch).unwrap();
    for ((row, class), in_batch) in rows.chunks_exact(WIDTH).zip(&expected).zip(batch) {
        let score = model.score(row).unwrap();
        // smartcore gives a tie to the first class.
        assert_eq!(u32::from(score > 0.5), *class, "{row:?}");
        assert_eq!(in_batch.to_bits(), score.to_bits());
        classes[*class as usize] += 1;
        tied += usize::from(score == 0.5);
    }
    for row in rows.chunks_exact(WIDTH).step_by(20) {
        let share = votes(&serial, row) as f64 / f64::from(GROWTH.trees);
        assert_eq!(model.score(row).unwrap().to_bits(), share.to_bits());
    }
    assert!(tied > 10 && classes.iter().all(|count| *count > 1000), "{tied} ties, {classes:?}");
}

/// The averaged leaves are the weighted shares of the rows that reach them, and every split has the share of
/// its rows.
#[test]
fn averaged_leaves_are_weighted_shares() {
    let trained = trained();
    let mut forest = Forest::of(&trained.fitted).unwrap();
    let weights: Vec<f64> =
        trained.positive.iter().map(|positive| if *positive { 1.0 } else { 9.0 }).collect();
    forest.weigh(&trained.rows, WIDTH, &trained.positive, &weights);
    let ensemble = forest.averaging().unwrap();
    for tree in &ensemble.trees {
        let mut sums = vec![(0.0, 0.0); tree.nodes.len()];
        for (row, (positive, weight)) in
            trained.rows.chunks_exact(WIDTH).zip(trained.positive.iter().zip(&weights))
        {
            let mut index = 0;
            loop {
                sums[index].0 += weight;
                sums[index].1 += if *positive { *weight } else { 0.0 };
                let NodeSpec::Split { feature, threshold, holds, fails, .. } = tree.nodes[index] else {
                    break;
                };
                index = if row[feature as usize] <= threshold { holds } else { fails } as usize;
            }
        }
        for (node, (weight, positive)) in tree.nodes.iter().zip(sums) {
            let stated = match node {
                NodeSpec::Leaf { value } => Some(*value),
                NodeSpec::Split { mean, .. } => *mean,
            };
            // A leaf of the bootstrap sample alone has rows in any case: it drew them from these.
            assert!(weight > 0.0);
            assert_eq!(stated, Some(positive / weight));
        }
    }
}
