//! Small artefacts with everything that one can hold, for tests and the fuzzer to damage.

use crate::{
    Aggregate, CategorySpec, ClassSpec, Column, Derivation, DerivationKind, EncodingSpec, EnsembleSpec,
    FeatureKind, FeatureSpec, Interface, LinearSpec, Link, MissingPolicy, ModelSpec, NodeSpec, Parameters,
    Precision, ProfileSpec, Style, Test, TreeSpec,
};

/// A linear model of two features, one of each kind, with everything that such an artefact can hold.
pub fn linear() -> ModelSpec {
    let feature = |name: &str, kind, missing, categories| FeatureSpec {
        name: name.to_owned(),
        unit: "mm".to_owned(),
        description: "a test feature".to_owned(),
        kind,
        missing,
        lower: 0.0,
        upper: 9.0,
        plausible: (1.0, 3.0),
        imputed: 2.0,
        categories,
    };
    let category = |value: f64, label: &str| CategorySpec { value, label: label.to_owned() };
    let profile = |edges: &[f64]| ProfileSpec {
        edges: edges.to_vec(),
        shares: vec![1.0 / (edges.len() + 1) as f64; edges.len() + 1],
    };
    ModelSpec {
        name: "linear".to_owned(),
        app: "test".to_owned(),
        version: "1.2.3".to_owned(),
        model_type: "LogisticRegression".to_owned(),
        description: "a test".to_owned(),
        threshold: 0.5,
        positive_class: 1,
        features: vec![
            feature("size", FeatureKind::Number, MissingPolicy::Impute, vec![]),
            feature(
                "kind",
                FeatureKind::Category,
                MissingPolicy::Reject,
                vec![category(1.0, "one"), category(3.0, "three")],
            ),
        ],
        encodings: vec![
            EncodingSpec { name: "own".to_owned(), mappings: vec![] },
            EncodingSpec { name: "other".to_owned(), mappings: vec![(1, 0.0, Some(1.0)), (1, 7.0, None)] },
        ],
        classes: ["no", "yes"].map(|name| ClassSpec { name: name.to_owned(), share: 0.5 }).into(),
        parameters: Parameters::Linear {
            columns: vec![
                Column::Standardise { feature: 0, mean: 2.0, scale: 0.5 },
                Column::Indicator { feature: 1, value: 3.0 },
            ],
            linear: LinearSpec { intercept: -1.0, weights: vec![0.5, 2.0] },
        },
        profiles: vec![profile(&[1.0, 2.0]), profile(&[2.0]), profile(&[0.25, 0.5, 0.75])],
        self_check: vec![vec![1.0, 1.0], vec![f64::NAN, 3.0]],
        metadata: "{}".to_owned(),
        interface: Interface::default(),
        derivations: vec![],
    }
}

/// Three trees over the same features, of which the first is now the change of a third.
pub fn trees() -> ModelSpec {
    let mut spec = linear();
    let mut temperature = spec.features[0].clone();
    temperature.name = "temperature".to_owned();
    spec.features.push(temperature);
    spec.profiles.insert(2, spec.profiles[0].clone());
    let split = |feature, threshold, [holds, fails]: [u32; 2], missing_holds, mean| NodeSpec::Split {
        feature,
        threshold,
        holds,
        fails,
        missing_holds,
        mean: Some(mean),
    };
    let leaf = |value| NodeSpec::Leaf { value };
    ModelSpec {
        name: "trees".to_owned(),
        model_type: "GradientBoosting".to_owned(),
        parameters: Parameters::Trees(EnsembleSpec {
            aggregate: Aggregate::Sum,
            link: Link::Logistic,
            test: Test::AtMost,
            inputs: Precision::Double,
            sum: Precision::Double,
            base: 0.25,
            trees: vec![
                TreeSpec { nodes: vec![split(0, 1.5, [2, 1], true, 0.5), leaf(-1.0), leaf(2.0)] },
                TreeSpec {
                    nodes: vec![
                        split(2, 20.0, [3, 4], false, 0.125),
                        leaf(0.75),
                        leaf(-0.5),
                        leaf(0.25),
                        split(1, 1.0, [1, 2], false, 0.0),
                    ],
                },
                TreeSpec { nodes: vec![leaf(0.5)] },
            ],
        }),
        self_check: vec![vec![1.5, 1.0, 20.0], vec![f64::NAN, 3.0, 21.0]],
        interface: Interface {
            style: Style::Readings,
            list: "readings",
            group: "Module_ID",
            time: "Timestamp",
            prediction: "label",
            score: "probability",
        },
        derivations: vec![Derivation { feature: 0, kind: DerivationKind::Delta, source: 2, window: 1 }],
        ..spec
    }
}

/// A description of a component that scores, with three classes.
pub fn imported() -> ModelSpec {
    let mut spec = linear();
    spec.features[0].missing = MissingPolicy::Pass;
    spec.classes.push(ClassSpec { name: "perhaps".to_owned(), share: 0.0 });
    let parameters = Parameters::Imported { explains: true };
    ModelSpec { parameters, self_check: vec![], profiles: vec![], threshold: f64::NAN, ..spec }
}
