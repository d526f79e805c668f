//! What a service says of its model at `GET /model/profile`: the card of a model whose artefact is at no hand, such as that of a
//! scorer in another component.

use portent_event::{Digest, is_name, limits};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::card::{Bins, ModelCard};

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
struct Profile<'a> {
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

impl ModelCard {
    /// Reads the card of what `GET /model/profile` answers.
    ///
    /// # Errors
    /// [`InvalidProfile`] names the first thing that is wrong with it.
    pub fn of_profile(json: &[u8]) -> Result<Self, InvalidProfile> {
        let Profile { sha256, app, model_name, model_type, version, classes, score, features } =
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

/// Numbers are read from their own text, so that they are those of the artefact to the last digit.
fn bins(edges: &[&RawValue]) -> Result<Bins, InvalidProfile> {
    let values: Vec<f64> = edges.iter().map_while(|edge| edge.get().parse().ok()).collect();
    rule(values.len() == edges.len(), "an edge of a bin is not a number")?;
    rule(values.is_sorted_by(|one, next| one < next), "the edges of bins do not ascend")?;
    Bins::between(&values).ok_or(InvalidProfile::Rule("more than 32 bins"))
}

fn rule(holds: bool, rule: &'static str) -> Result<(), InvalidProfile> {
    if holds { Ok(()) } else { Err(InvalidProfile::Rule(rule)) }
}

#[cfg(test)]
mod tests {
    use portent_model::Model;
    use serde_json::{Value, json};

    use super::*;

    const HVS: &[u8] = include_bytes!("../../../models/hvs.portent");

    /// What the service answers of an artefact (`about::profile` of the service).
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
        ModelCard::of_profile(profile.to_string().as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn it_is_the_card_of_the_artefact() {
        let profile = profile_of(HVS).to_string();
        assert_eq!(ModelCard::of_profile(profile.as_bytes()).unwrap(), ModelCard::read(HVS).unwrap());
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
