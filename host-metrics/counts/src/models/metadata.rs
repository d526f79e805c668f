//! One model, as far as counting its predictions needs it.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use portent_event::{Digest, Pairs, Predictions, is_name, limits};
use portent_model::{ArtefactError, Model, Profile};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

static UNKNOWN: LazyLock<Arc<ModelMetadata>> = LazyLock::new(|| {
    let other = || "other".to_owned();
    Arc::new(ModelMetadata {
        digest: Digest([0; 32]),
        app: other(),
        name: other(),
        model_type: other(),
        version: other(),
        classes: vec![other()],
        features: vec![other()],
        feature_bins: Vec::new(),
        score_bins: Vec::new(),
    })
});

/// Names and bins of one model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelMetadata {
    /// SHA-256 of the artefact.
    pub digest: Digest,
    /// Application that the model is made for.
    pub app: String,
    /// Name; the `model_name` label.
    pub name: String,
    /// Type as its makers call it.
    pub model_type: String,
    /// Version.
    pub version: String,
    /// Result names, in model order.
    pub classes: Vec<String>,
    /// Feature names, in model order.
    pub features: Vec<String>,
    /// Bins of each feature's reference profile by their upper edges, in model order; none without a profile.
    pub feature_bins: Vec<Vec<String>>,
    /// Bins of the score's reference profile by their upper edges; none without a profile.
    pub score_bins: Vec<String>,
}

/// Why a text is not the profile of a model.
#[derive(Debug, thiserror::Error)]
pub enum InvalidProfile {
    /// Not the JSON that the service answers.
    #[error("not the answer of /model/profile: {0}")]
    Json(#[from] serde_json::Error),
    /// A rule that every model keeps is broken.
    #[error("not a model: {0}")]
    Rule(&'static str),
}

/// The answer, as far as it is needed; it may hold more.
#[derive(Debug, Deserialize)]
struct ServedProfile<'a> {
    sha256: Digest,
    app: String,
    model_name: String,
    model_type: String,
    version: String,
    classes: Vec<Class>,
    #[serde(borrow)]
    score: Distribution<'a>,
    features: Vec<Feature<'a>>,
}

#[derive(Debug, Deserialize)]
struct Class {
    name: String,
}

#[derive(Debug, Deserialize)]
struct Distribution<'a> {
    #[serde(borrow)]
    edges: Vec<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
struct Feature<'a> {
    name: String,
    #[serde(borrow)]
    edges: Vec<&'a RawValue>,
}

impl ModelMetadata {
    /// Reads the metadata of an artefact, whose SHA-256 must be the one it states.
    ///
    /// # Errors
    /// [`ArtefactError`] names the first thing that is wrong with the file.
    pub fn read(file: &[u8]) -> Result<Self, ArtefactError> {
        let model = Model::open(file)?;
        let digest = model.verify_digest(file)?;
        Ok(Self {
            digest,
            app: model.app().to_owned(),
            name: model.name().to_owned(),
            model_type: model.model_type().to_owned(),
            version: model.version().to_owned(),
            classes: model.classes().map(|class| class.name.to_owned()).collect(),
            features: model.features().map(|feature| feature.name().to_owned()).collect(),
            feature_bins: (0..model.feature_count())
                .map(|f| profile_bins(&model.feature_profile(f)))
                .collect(),
            score_bins: profile_bins(&model.score_profile()),
        })
    }

    /// The metadata for predictions of a model that nobody described: one class, one feature, no bins.
    #[must_use]
    pub fn unknown() -> Arc<Self> {
        Arc::clone(&UNKNOWN)
    }

    /// The metadata under which predictions are counted: that of their model if it is known and if they fit it, else
    /// the one that calls everything `other`.
    #[must_use]
    pub fn of<'a>(predictions: &Predictions<'_>, models: &'a BTreeMap<Digest, Arc<Self>>) -> &'a Arc<Self> {
        models.get(&predictions.model).filter(|metadata| metadata.fits(predictions)).unwrap_or(&UNKNOWN)
    }

    /// Whether this is the metadata of no particular model.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.digest == Digest([0; 32])
    }

    /// Checks metadata that was read from bytes.
    ///
    /// # Errors
    /// If no artefact can have it.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let is_short = |bins: &Vec<String>| bins.len() <= limits::BINS;
        let is_possible = (1..=limits::CLASSES).contains(&self.classes.len())
            && (1..=limits::FEATURES).contains(&self.features.len())
            && self.feature_bins.len() <= self.features.len()
            && self.feature_bins.iter().chain([&self.score_bins]).all(is_short);
        if is_possible { Ok(()) } else { Err("the description of a model over the limits") }
    }

    /// Whether every index in the predictions exists in this model.
    fn fits(&self, predictions: &Predictions<'_>) -> bool {
        let features = self.features.len();
        let within = |pairs: &Pairs, limit| pairs.iter().all(|(index, _)| usize::from(index) < limit);
        predictions.classes.len() <= self.classes.len()
            && predictions.bins.len() <= features
            && predictions.bins.iter().zip(&self.feature_bins).all(|(pairs, bins)| within(pairs, bins.len()))
            && within(&predictions.score_bins, self.score_bins.len())
            && within(&predictions.missing, features)
            && within(&predictions.out_of_range, features)
    }

    /// Reads the answer of `GET /model/profile`: metadata of a model whose artefact file is not available locally, such
    /// as a scorer in another component.
    ///
    /// # Errors
    /// [`InvalidProfile`] names the first thing that is wrong with it.
    pub fn of_profile(json: &[u8]) -> Result<Self, InvalidProfile> {
        let ServedProfile { sha256, app, model_name, model_type, version, classes, score, features } =
            serde_json::from_slice(json)?;
        let texts = [&app, &model_name, &model_type, &version];
        let are_names = texts.iter().all(|text| is_name(text))
            && classes.iter().all(|class| is_name(&class.name))
            && features.iter().all(|feature| is_name(&feature.name));
        rule(are_names, "a name is not 1 to 64 characters a-z A-Z 0-9 . _ -")?;
        rule((1..=limits::CLASSES).contains(&classes.len()), "the number of classes is not 1 to 16")?;
        rule((1..=limits::FEATURES).contains(&features.len()), "the number of features is not 1 to 256")?;
        Ok(Self {
            digest: sha256,
            app,
            name: model_name,
            model_type,
            version,
            classes: classes.into_iter().map(|class| class.name).collect(),
            feature_bins: features.iter().map(|feature| bins(&feature.edges)).collect::<Result<_, _>>()?,
            features: features.into_iter().map(|feature| feature.name).collect(),
            score_bins: bins(&score.edges)?,
        })
    }
}

fn profile_bins(profile: &Profile<'_>) -> Vec<String> {
    // An artefact keeps within the limit.
    bins_between(&profile.edges().collect::<Vec<_>>()).unwrap_or_default()
}

/// Numbers are read from their own text, so that they are those of the artefact to the last digit.
fn bins(edges: &[&RawValue]) -> Result<Vec<String>, InvalidProfile> {
    let values: Vec<f64> = edges.iter().map_while(|edge| edge.get().parse().ok()).collect();
    rule(values.len() == edges.len(), "an edge of a bin is not a number")?;
    rule(values.is_sorted_by(|one, next| one < next), "the edges of bins do not ascend")?;
    bins_between(&values).ok_or(InvalidProfile::Rule("more than 32 bins"))
}

/// The bins between edges, none without edges; `None` if there are more than a profile has.
fn bins_between(edges: &[f64]) -> Option<Vec<String>> {
    let ends = edges.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
    match edges.len() {
        0 => Some(Vec::new()),
        1..limits::BINS => Some(ends.collect()),
        _ => None,
    }
}

fn rule(holds: bool, rule: &'static str) -> Result<(), InvalidProfile> {
    if holds { Ok(()) } else { Err(InvalidProfile::Rule(rule)) }
}

#[cfg(test)]
mod tests {
    use portent_model::Model;
    use serde_json::{Value, json};

    use super::*;

    const HVS: &[u8] = include_bytes!("../../../../models/hvs.portent");

    /// The answer of the service for an artefact (`about::profile` of the service).
    fn profile_of(file: &[u8]) -> Value {
        let model = Model::open(file).unwrap();
        let edges = |profile: portent_model::Profile<'_>| profile.edges().collect::<Vec<_>>();
        let features = model.features().enumerate();
        json!({
            "sha256": model.digest(), "app": model.app(), "model_name": model.name(), "model_type": model.model_type(),
            "version": model.version(),
            "classes": model.classes().map(|class| json!({ "name": class.name, "share": class.share })).collect::<Vec<_>>(),
            "score": { "edges": edges(model.score_profile()), "shares": [] },
            "features": features.map(|(index, feature)| json!({
                "name": feature.name(), "edges": edges(model.feature_profile(index)), "shares": [],
            })).collect::<Vec<_>>(),
        })
    }

    fn problem(change: impl FnOnce(&mut Value)) -> String {
        let mut profile = profile_of(HVS);
        change(&mut profile);
        ModelMetadata::of_profile(profile.to_string().as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn it_is_the_metadata_of_the_artefact() {
        let profile = profile_of(HVS).to_string();
        assert_eq!(ModelMetadata::of_profile(profile.as_bytes()).unwrap(), ModelMetadata::read(HVS).unwrap());
    }

    #[test]
    fn what_is_no_model_is_refused() {
        assert!(problem(|p| p["sha256"] = "12".into()).starts_with("not the answer of /model/profile: "));
        let name = "not a model: a name is not 1 to 64 characters a-z A-Z 0-9 . _ -";
        assert_eq!(problem(|p| p["app"] = "two words".into()), name);
        assert_eq!(problem(|p| p["features"][0]["name"] = "".into()), name);
        assert_eq!(
            problem(|p| p["classes"] = json!([])),
            "not a model: the number of classes is not 1 to 16"
        );
        assert_eq!(
            problem(|p| p["features"] = json!([])),
            "not a model: the number of features is not 1 to 256"
        );
        let edges = |edges: Value| problem(|p| p["score"]["edges"] = edges);
        assert_eq!(edges(json!([1, "2"])), "not a model: an edge of a bin is not a number");
        assert_eq!(edges(json!([1, 1])), "not a model: the edges of bins do not ascend");
        assert_eq!(edges((0..32).collect()), "not a model: more than 32 bins");
    }
}
