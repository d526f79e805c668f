//! A description that contradicts itself is no model, and its reason is told.

use super::*;

/// What is wrong with the description that `change` makes of a right one.
fn wrong(change: impl FnOnce(&mut Description)) -> String {
    let mut description = description();
    change(&mut description);
    description.to_artefact().unwrap_err()
}

#[test]
fn the_whole_is_held_to_its_rules() {
    assert_eq!(
        wrong(|d| d.name = "two words".to_owned()),
        "name is not 1 to 64 characters a-z A-Z 0-9 . _ -"
    );
    assert_eq!(wrong(|d| d.version.clear()), "version is not 1 to 64 characters a-z A-Z 0-9 . _ -");
    assert_eq!(wrong(|d| d.classes.truncate(1)), "1 classes are not 2 to 16");
    assert_eq!(
        wrong(|d| d.classes = (0..17).map(|c| format!("c{c}")).collect()),
        "17 classes are not 2 to 16"
    );
    assert_eq!(wrong(|d| d.classes[1] = "cool".to_owned()), "class cool is named twice");
    assert_eq!(wrong(|d| d.positive_class = 2), "positive-class 2 is not one of the 2 classes");
    for threshold in [0.0, 1.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(wrong(|d| d.threshold = Some(threshold)), "threshold is not above 0 and below 1");
    }
    assert_eq!(wrong(|d| d.features.clear()), "0 features are not 1 to 256");
    let many = |count: usize| {
        (0..count).map(|f| DescribedFeature { name: format!("f{f}"), ..description().features[0].clone() })
    };
    assert_eq!(wrong(|d| d.features = many(257).collect()), "257 features are not 1 to 256");
    assert_eq!(wrong(|d| d.features[1].name = "heat".to_owned()), "feature heat is named twice");
    let long = wrong(|d| d.features[1].name = "a".repeat(65));
    assert_eq!(long, "the name of feature 1 is not 1 to 64 characters a-z A-Z 0-9 . _ -");
}

#[test]
fn each_feature_is_held_to_its_rules() {
    assert_eq!(
        wrong(|d| d.features[0].lower = Some(101.0)),
        "feature heat: the lower bound is above the upper one"
    );
    assert_eq!(wrong(|d| d.features[0].upper = Some(f64::NAN)), "feature heat: a bound is not finite");
    assert_eq!(
        wrong(|d| d.features[0].unit = "K".repeat(65)),
        "feature heat: the unit is not up to 64 characters"
    );
    let imputed = "the imputed value is outside the bounds, or none of its kind";
    for value in [101.0, -1.0, f64::NAN] {
        assert_eq!(
            wrong(|d| d.features[0].missing = Missing::Impute(value)),
            format!("feature heat: {imputed}")
        );
    }
    assert_eq!(wrong(|d| d.features[1].missing = Missing::Impute(0.5)), format!("feature load: {imputed}"));
    let kinds = "a category has categories, and nothing else has";
    assert_eq!(wrong(|d| d.features[2].categories.clear()), format!("feature state: {kinds}"));
    assert_eq!(wrong(|d| d.features[2].kind = FeatureKind::Number), format!("feature state: {kinds}"));
    let category = |change: fn(&mut (f64, String))| wrong(|d| change(&mut d.features[2].categories[0]));
    assert_eq!(category(|c| c.0 = 0.0), "feature state: category 1: its code is used twice");
    assert_eq!(category(|c| c.0 = 101.0), "feature state: category 0: its code is outside the bounds");
    assert_eq!(category(|c| c.0 = 0.5), "feature state: category 0: its code is not a whole number");
    assert_eq!(
        category(|c| c.1 = "a\nb".to_owned()),
        "feature state: category 0: its label is not up to 64 characters"
    );
    let many = (0..257).map(|code| (f64::from(code), String::new())).collect();
    let rule = wrong(|d| {
        d.features[2].upper = None;
        d.features[2].categories = many;
    });
    assert_eq!(rule, "feature state: more than 256 categories");
}

#[test]
fn bounds_may_be_left_out() {
    let mut open = description();
    open.features.iter_mut().for_each(|feature| (feature.lower, feature.upper) = (None, None));
    let service = service_of(&open, by_heat);
    assert_eq!(
        send(&service, "/predict", &json!({ "heat": -5, "load": 0, "state": 7 })).status,
        500,
        "a score below 0"
    );
    let answer = send(&service, "/predict", &json!({ "heat": 5, "load": 0, "state": 7 }));
    assert_eq!(
        (answer.status, &answer.json["warnings"][0]["field"]),
        (200, &json!("state")),
        "{}",
        answer.json
    );
    assert_eq!(ask(&service, &request("GET", "/health/ready", b"")).status, 200);
    assert_eq!(ask(&service, &request("GET", "/openapi.json", b"")).status, 200);
}

#[test]
fn without_a_model_readiness_says_why_and_predictions_are_refused() {
    let service = service_of(&Description { positive_class: 5, ..description() }, by_heat);
    let ready = ask(&service, &request("GET", "/health/ready", b""));
    assert_eq!((ready.status, ready.event.error), (503, Some(ErrorType::ScorerInvalidOutput)));
    let reason = "Model not loaded: positive-class 5 is not one of the 2 classes";
    assert_eq!(ready.json["detail"], reason);
    for path in ["/predict", "/v1/models/rules:predict", "/v2/models/rules/infer", "/invocations"] {
        let answer = send(&service, path, &json!({}));
        assert_eq!(
            (answer.status, answer.event.error),
            (503, Some(ErrorType::ScorerInvalidOutput)),
            "{path}"
        );
    }
}
