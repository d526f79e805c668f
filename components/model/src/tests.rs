//! Artefacts written, read, damaged and scored.

use crate::fuzz_support::reseal;
use crate::samples::linear;
use crate::{ArtefactError, Column, LinearSpec, Model, ModelSpec, Parameters, Recoded, RowError};

mod damage;
mod derivations;
mod explanations;
mod generate;
mod imported;
mod trees;

fn parameters(spec: &mut ModelSpec) -> (&mut Vec<Column>, &mut LinearSpec) {
    match &mut spec.parameters {
        Parameters::Linear { columns, linear } => (columns, linear),
        Parameters::Trees(_) | Parameters::Imported { .. } => panic!("not a linear model"),
    }
}

fn file() -> Vec<u8> {
    linear().to_bytes().unwrap()
}

#[test]
fn what_is_written_is_read() {
    let file = file();
    let model = Model::open(&file).unwrap();
    assert_eq!((model.name(), model.app(), model.version()), ("linear", "test", "1.2.3"));
    assert_eq!(model.features().map(|f| f.name()).collect::<Vec<_>>(), ["size", "kind"]);
    assert_eq!(
        model.features().nth(1).unwrap().categories().map(|c| c.label).collect::<Vec<_>>(),
        ["one", "three"]
    );
    assert_eq!(model.classes().map(|c| c.name).collect::<Vec<_>>(), ["no", "yes"]);
    assert_eq!(model.verify_digest(&file), Ok(model.digest()));
    assert_eq!(model.self_check(), Ok(2));
    assert_eq!(file, self::file(), "the same specification gives the same bytes");
}

#[test]
fn scores_are_the_logistic_of_the_weighted_columns() {
    let file = file();
    let model = Model::open(&file).unwrap();
    let logistic = |z: f64| 1.0 / (1.0 + (-z).exp());
    assert_eq!(model.score(&[1.0, 1.0]), Ok(logistic(-2.0)));
    assert_eq!(model.score(&[2.0, 3.0]), Ok(logistic(1.0)));
    assert_eq!(model.score(&[f64::NAN, 3.0]), Ok(logistic(1.0)), "a missing size is imputed as 2");
    assert_eq!((model.predict(0.499), model.predict(0.5)), (0, 1));
}

#[test]
fn unusable_rows_are_refused() {
    let file = file();
    let model = Model::open(&file).unwrap();
    assert_eq!(model.score(&[1.0]), Err(RowError::Width { actual: 1, expected: 2 }));
    assert_eq!(model.score(&[1.0, f64::NAN]), Err(RowError::Missing(1)));
    assert_eq!(model.score(&[f64::INFINITY, 1.0]), Err(RowError::NotFinite(0)));
}

#[test]
fn codings_translate_and_ranges_decide_plausibility() {
    let file = file();
    let model = Model::open(&file).unwrap();
    let other = model.encodings().nth(1).unwrap();
    assert_eq!(other.recode(1, 0.0), Recoded::To(1.0));
    assert_eq!(other.recode(1, 7.0), Recoded::Missing);
    assert_eq!(other.recode(1, 5.0), Recoded::Unknown);
    assert_eq!(other.recode(0, 5.0), Recoded::Same);
    let kind = model.features().nth(1).unwrap();
    assert!(kind.is_plausible(3.0) && !kind.is_plausible(2.0));
}

#[test]
fn values_fall_into_the_bin_whose_edge_is_not_below_them() {
    let file = file();
    let profile = Model::open(&file).unwrap().feature_profile(0);
    assert_eq!([0.0, 1.0, 1.5, 2.0, 9.0].map(|value| profile.bin(value)), [0, 0, 1, 1, 2]);
}

#[test]
fn foreign_and_cut_files_are_named() {
    let mut file = file();
    assert_eq!(Model::open(b"").unwrap_err(), ArtefactError::Magic);
    assert_eq!(Model::open(&[0; 100]).unwrap_err(), ArtefactError::Magic);
    let cut = &file[..file.len() - 1];
    assert!(matches!(Model::open(cut).unwrap_err(), ArtefactError::Length { .. }));
    let last = file.len() - 1;
    file[last] ^= 1;
    assert_eq!(Model::open(&file).unwrap_err(), ArtefactError::Checksum);
    reseal(&mut file);
    let opened = Model::open(&file).unwrap();
    assert_eq!(opened.verify_digest(&file), Err(ArtefactError::Digest));
    file[8] = 2;
    assert_eq!(Model::open(&file).unwrap_err(), ArtefactError::Version(2));
}

#[test]
fn contradicting_specifications_are_not_written() {
    let broken: [fn(&mut ModelSpec); 8] = [
        |spec| parameters(spec).1.weights.push(1.0),
        |spec| spec.classes.truncate(1),
        |spec| spec.threshold = 1.0,
        |spec| spec.positive_class = 2,
        |spec| spec.features[0].name = "two words".to_owned(),
        |spec| spec.features[0].name = "kind".to_owned(),
        |spec| spec.profiles[0].shares[0] = 0.9,
        |spec| parameters(spec).0[0] = Column::Standardise { feature: 0, mean: 0.0, scale: 0.0 },
    ];
    for (index, damage) in broken.iter().enumerate() {
        let mut spec = linear();
        damage(&mut spec);
        assert!(spec.to_bytes().is_err(), "case {index}");
    }
}

#[test]
fn the_shipped_model_is_sound() {
    let file = include_bytes!("../../../models/heart-disease.portent");
    let model = Model::open(file).unwrap();
    assert_eq!(model.verify_digest(file), Ok(model.digest()));
    assert_eq!(model.self_check(), Ok(32));
}
