//! The heart-disease task: UCI "Heart Disease", Cleveland, 13 features in UCI coding.
//!
//! Meaning of the codes: `heart-disease.names` at <https://doi.org/10.24432/C52P4X>.

use portent_model::{CategorySpec, EncodingSpec, FeatureKind, FeatureSpec, Interface, MissingPolicy};

use crate::{Source, TableTask, Target, Task};

/// Application that the model is made for.
pub const APP: &str = "heart-disease";

const SOURCE: Source = Source {
    name: "UCI Machine Learning Repository, Heart Disease (id 45), Cleveland",
    doi: "10.24432/C52P4X",
    licence: "CC BY 4.0",
    citation: "Janosi, A., Steinbrunn, W., Pfisterer, M., & Detrano, R. (1989). Heart Disease [Dataset]. \
               UCI Machine Learning Repository. https://doi.org/10.24432/C52P4X",
    investigators: "Andras Janosi, M.D. (Hungarian Institute of Cardiology, Budapest); \
                    William Steinbrunn, M.D. (University Hospital, Zurich); \
                    Matthias Pfisterer, M.D. (University Hospital, Basel); \
                    Robert Detrano, M.D., Ph.D. (V.A. Medical Center, Long Beach and Cleveland Clinic Foundation)",
    changes: "processed.cleveland.data with a header line, whole numbers without a decimal point and an empty \
              cell where it has a question mark; same rows, same order",
};

const INTENDED_USE: &[&str] = &[
    "Showing how a tabular classifier is served and watched: a well-known, small, openly licensed example.",
    "Research and teaching on patients like those of the training data.",
];

const LIMITS: &[&str] = &[
    "Not a medical device: no diagnosis or treatment may rest on it.",
    "The training data are patients referred for coronary angiography in Cleveland, 1981 to 1984. Nothing is \
     known about people without symptoms: it is not a screening tool.",
    "`ca`, the strongest predictor, is the number of vessels coloured by fluoroscopy: it needs the angiography \
     whose finding is predicted, so it is partly the diagnosis itself.",
    "`thal` is the finding of a thallium scan (normal, fixed or reversible defect), not thalassemia.",
    "297 patients, a third of them women: expect other hospitals, decades and devices to differ, and recalibrate \
     before comparing.",
];

/// The heart-disease task.
#[must_use]
pub fn task() -> TableTask {
    TableTask {
        task: Task {
            app: APP,
            name: "logistic_regression",
            version: "1.0.0",
            model_type: "LogisticRegression",
            description: "Probability of coronary heart disease: a diameter narrowing above 50 % in angiography.",
            features: features(),
            encodings: vec![EncodingSpec { name: "uci".to_owned(), mappings: vec![] }, kaggle()],
            interface: Interface { list: "patients", ..Interface::default() },
            derivations: Vec::new(),
            target: "disease where num > 0: angiographic diameter narrowing above 50 %",
            classes: ["no_disease", "disease"],
            intended_use: INTENDED_USE,
            limits: LIMITS,
        },
        target: Target { column: "num", codes: &[0.0, 1.0, 2.0, 3.0, 4.0], positive_above: 0.0 },
        source: SOURCE,
    }
}

/// Features in UCI order. Bounds are those of the service that this replaces; plausible ranges those of its
/// data checks.
fn features() -> Vec<FeatureSpec> {
    let any = f64::INFINITY;
    let feature = measured;
    vec![
        FeatureSpec { upper: 120.0, ..feature("age", "years", "age", (1.0, 110.0)) },
        coded("sex", "sex", &[(0.0, "female"), (1.0, "male")]),
        coded(
            "cp",
            "chest pain type",
            &[
                (1.0, "typical angina"),
                (2.0, "atypical angina"),
                (3.0, "non-anginal pain"),
                (4.0, "asymptomatic"),
            ],
        ),
        feature("trestbps", "mm Hg", "resting blood pressure on admission", (50.0, 250.0)),
        feature("chol", "mg/dl", "serum cholesterol", (100.0, 600.0)),
        coded("fbs", "fasting blood sugar above 120 mg/dl", &[(0.0, "no"), (1.0, "yes")]),
        coded(
            "restecg",
            "resting electrocardiogram",
            &[(0.0, "normal"), (1.0, "ST-T wave abnormality"), (2.0, "left ventricular hypertrophy")],
        ),
        feature("thalach", "beats/min", "highest heart rate in exercise", (50.0, 250.0)),
        coded("exang", "angina induced by exercise", &[(0.0, "no"), (1.0, "yes")]),
        FeatureSpec {
            kind: FeatureKind::Number,
            upper: any,
            ..feature("oldpeak", "mm", "ST depression in exercise, against rest", (0.0, 10.0))
        },
        coded(
            "slope",
            "slope of the ST segment at peak exercise",
            &[(1.0, "upsloping"), (2.0, "flat"), (3.0, "downsloping")],
        ),
        coded(
            "ca",
            "major vessels coloured by fluoroscopy",
            &[(0.0, "none"), (1.0, "one"), (2.0, "two"), (3.0, "three")],
        ),
        coded("thal", "thallium scan", &[(3.0, "normal"), (6.0, "fixed defect"), (7.0, "reversible defect")]),
    ]
}

/// A whole number from 0 up, without a greatest value.
fn measured(name: &str, unit: &str, description: &str, plausible: (f64, f64)) -> FeatureSpec {
    FeatureSpec {
        name: name.to_owned(),
        unit: unit.to_owned(),
        description: description.to_owned(),
        kind: FeatureKind::Integer,
        missing: MissingPolicy::Reject,
        lower: 0.0,
        upper: f64::INFINITY,
        plausible,
        imputed: 0.0,
        categories: Vec::new(),
    }
}

/// A code from an ascending list.
fn coded(name: &str, description: &str, codes: &[(f64, &str)]) -> FeatureSpec {
    let ends = codes.first().zip(codes.last()).map_or((0.0, 0.0), |(first, last)| (first.0, last.0));
    FeatureSpec {
        kind: FeatureKind::Category,
        lower: ends.0,
        upper: ends.1,
        categories: codes
            .iter()
            .map(|&(value, label)| CategorySpec { value, label: label.to_owned() })
            .collect(),
        ..measured(name, "", description, ends)
    }
}

/// The coding of the copies at Kaggle ("Heart Disease UCI" and "Heart Disease Dataset"), as found by matching
/// every row of the former with UCI's. Their published code book is wrong, and their target is inverted.
fn kaggle() -> EncodingSpec {
    /// A code of theirs and UCI's, or `None` for "missing".
    type Code = (f64, Option<f64>);
    const TO_UCI: [(&str, &[Code]); 5] = [
        ("cp", &[(0.0, Some(4.0)), (1.0, Some(2.0)), (2.0, Some(3.0)), (3.0, Some(1.0))]),
        ("restecg", &[(0.0, Some(2.0)), (1.0, Some(0.0)), (2.0, Some(1.0))]),
        ("slope", &[(0.0, Some(3.0)), (1.0, Some(2.0)), (2.0, Some(1.0))]),
        ("ca", &[(0.0, Some(0.0)), (1.0, Some(1.0)), (2.0, Some(2.0)), (3.0, Some(3.0)), (4.0, None)]),
        ("thal", &[(0.0, None), (1.0, Some(6.0)), (2.0, Some(3.0)), (3.0, Some(7.0))]),
    ];
    let names: Vec<String> = features().into_iter().map(|feature| feature.name).collect();
    let mut mappings = Vec::new();
    for (index, name) in (0..).zip(&names) {
        let codes = TO_UCI.iter().filter(|(feature, _)| feature == name).flat_map(|(_, codes)| *codes);
        mappings.extend(codes.map(|&(from, to)| (index, from, to)));
    }
    EncodingSpec { name: "kaggle".to_owned(), mappings }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mapping as it was found, from UCI to Kaggle, row by row of the two files.
    #[test]
    fn kaggle_codes_go_back_to_uci() {
        const FROM_UCI: [(&str, &[(f64, f64)]); 5] = [
            ("cp", &[(1.0, 3.0), (2.0, 1.0), (3.0, 2.0), (4.0, 0.0)]),
            ("restecg", &[(0.0, 1.0), (1.0, 2.0), (2.0, 0.0)]),
            ("slope", &[(1.0, 2.0), (2.0, 1.0), (3.0, 0.0)]),
            ("ca", &[(0.0, 0.0), (1.0, 1.0), (2.0, 2.0), (3.0, 3.0), (f64::NAN, 4.0)]),
            ("thal", &[(3.0, 2.0), (6.0, 1.0), (7.0, 3.0), (f64::NAN, 0.0)]),
        ];
        let features = features();
        let mappings = kaggle().mappings;
        assert_eq!(mappings.len(), FROM_UCI.iter().map(|(_, codes)| codes.len()).sum::<usize>());
        for (name, codes) in FROM_UCI {
            let index = features.iter().position(|feature| feature.name == name).unwrap() as u32;
            for &(uci, kaggle) in codes {
                let missing_or_code = (!uci.is_nan()).then_some(uci);
                assert!(mappings.contains(&(index, kaggle, missing_or_code)), "{name} {uci} {kaggle}");
            }
        }
    }

    /// Every translated code is one that the model knows, and every known code is translated to.
    #[test]
    fn kaggle_reaches_every_code() {
        for (index, feature) in (0_u32..).zip(features()) {
            let mut reached: Vec<f64> =
                kaggle().mappings.iter().filter(|m| m.0 == index).filter_map(|m| m.2).collect();
            reached.sort_by(f64::total_cmp);
            let known: Vec<f64> = feature.categories.iter().map(|category| category.value).collect();
            assert!(reached.is_empty() || reached == known, "{}", feature.name);
        }
    }

    #[test]
    fn columns_are_those_of_uci_in_order() {
        let names: Vec<String> = task().columns().into_iter().map(|column| column.name).collect();
        assert_eq!(
            names.join(","),
            "age,sex,cp,trestbps,chol,fbs,restecg,thalach,exang,oldpeak,slope,ca,thal,num"
        );
    }
}
