//! Forests of any number of trees. They are the same in every run.

use anyhow::Result;
use portent_model::{
    Aggregate, ClassSpec, EnsembleSpec, FeatureKind, FeatureSpec, Interface, Link, MissingPolicy, ModelSpec,
    NodeSpec, Parameters, Precision, Test, TreeSpec,
};

use crate::workload::{Request, post};

const FEATURES: u32 = 13;

/// Splits on the way to a leaf: 64 leaves a tree, about as many as those of the shipped forest have.
const DEPTH: u32 = 6;

const SEED: u64 = 42;

/// The artefact of a forest of so many trees. A larger one begins with the trees of the smaller.
pub(super) fn forest(trees: usize) -> Result<Vec<u8>> {
    let mut random = Random(SEED);
    let trees = (0..trees).map(|_| {
        let mut nodes = Vec::new();
        grow(&mut nodes, DEPTH, &mut random);
        TreeSpec { nodes }
    });
    let ensemble = EnsembleSpec {
        aggregate: Aggregate::Mean,
        link: Link::Identity,
        test: Test::AtMost,
        inputs: Precision::Double,
        sum: Precision::Double,
        base: 0.0,
        trees: trees.collect(),
    };
    Ok(spec(Parameters::Trees(ensemble)).to_bytes()?)
}

/// A request of so many rows, each of its own values.
pub(super) fn request(rows: usize) -> Request {
    let mut random = Random(SEED);
    let mut row = || {
        let values = (0..FEATURES).map(|feature| format!("\"feature{feature}\":{:.4}", random.uniform()));
        format!("{{{}}}", values.collect::<Vec<_>>().join(","))
    };
    let bytes = match rows {
        1 => post("/predict", &row()),
        _ => {
            let rows: Vec<_> = (0..rows).map(|_| row()).collect();
            post("/predict/batch", &format!("{{\"instances\":[{}]}}", rows.join(",")))
        }
    };
    Request { bytes, status: 200 }
}

/// A complete tree, whose tests halve the rows more or less evenly.
fn grow(nodes: &mut Vec<NodeSpec>, depth: u32, random: &mut Random) -> u32 {
    let index = nodes.len();
    nodes.push(NodeSpec::Leaf { value: random.uniform() });
    if depth > 0 {
        let feature = (random.uniform() * f64::from(FEATURES)) as u32;
        let threshold = 0.25 + 0.5 * random.uniform();
        let (holds, fails) = (grow(nodes, depth - 1, random), grow(nodes, depth - 1, random));
        nodes[index] = NodeSpec::Split { feature, threshold, holds, fails, missing_holds: false, mean: None };
    }
    index as u32
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
        name: "forest".to_owned(),
        app: "forest".to_owned(),
        version: "1".to_owned(),
        model_type: "Forest".to_owned(),
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

#[cfg(test)]
mod tests {
    use portent_model::Model;

    use super::*;

    #[test]
    fn a_forest_is_an_artefact_and_the_same_every_time() {
        let file = forest(3).unwrap();
        assert_eq!(file, forest(3).unwrap());
        let model = Model::open(&file).unwrap();
        let score = |value: f64| model.score(&vec![value; FEATURES as usize]).unwrap();
        assert!(score(0.1) != score(0.9), "the trees do not tell the rows apart");
    }

    #[test]
    fn rows_differ() {
        let text = String::from_utf8(request(2).bytes).unwrap();
        let body: serde_json::Value = serde_json::from_str(text.split("\r\n\r\n").nth(1).unwrap()).unwrap();
        assert_ne!(body["instances"][0], body["instances"][1]);
    }
}
