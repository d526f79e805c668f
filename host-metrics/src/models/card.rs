//! One model, as far as counting its predictions needs it.

use std::sync::{Arc, LazyLock};

use portent_event::{Digest, Pairs, Predictions, limits};
use portent_model::{ArtefactError, Model, Profile};

use crate::codec::{DecodeError, Decoder, Encoder};

/// Label value for everything that has no name here.
const OTHER: &str = "other";

static UNKNOWN: LazyLock<Arc<ModelCard>> = LazyLock::new(|| {
    Arc::new(ModelCard {
        digest: Digest([0; 32]),
        app: OTHER.to_owned(),
        name: OTHER.to_owned(),
        model_type: OTHER.to_owned(),
        version: OTHER.to_owned(),
        classes: vec![OTHER.to_owned()],
        features: vec![OTHER.to_owned()],
        feature_bins: Vec::new(),
        score_bins: Bins::default(),
    })
});

/// Names and bins of one model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelCard {
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
    /// Bins of each feature's reference profile, in model order.
    pub feature_bins: Vec<Bins>,
    /// Bins of the score's reference profile.
    pub score_bins: Bins,
}

/// The bins of a reference profile, named by their upper edges; empty if there is no profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bins(pub Vec<String>);

impl ModelCard {
    /// Reads the card of an artefact, whose SHA-256 must be the one it states.
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
            feature_bins: (0..model.feature_count()).map(|f| Bins::of(&model.feature_profile(f))).collect(),
            score_bins: Bins::of(&model.score_profile()),
        })
    }

    /// The card for predictions of a model that nobody described: one class, one feature, no bins.
    #[must_use]
    pub fn unknown() -> Arc<Self> {
        Arc::clone(&UNKNOWN)
    }

    /// Whether this is the card of no particular model.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.digest == Digest([0; 32])
    }

    /// Writes the card, for the state that survives a restart.
    pub(crate) fn encode(&self, out: &mut Encoder) {
        out.fixed(&self.digest.0);
        [&self.app, &self.name, &self.model_type, &self.version].into_iter().for_each(|text| out.text(text));
        let texts = |out: &mut Encoder, texts: &[String]| out.list(texts.iter(), |out, text| out.text(text));
        texts(out, &self.classes);
        texts(out, &self.features);
        out.list(self.feature_bins.iter(), |out, bins| texts(out, &bins.0));
        texts(out, &self.score_bins.0);
    }

    /// Reads a card.
    ///
    /// # Errors
    /// [`DecodeError`] if the bytes are no card, or one that no artefact can have.
    pub(crate) fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let text = |from: &mut Decoder<'_>| Ok(from.text()?.to_owned());
        let texts = |from: &mut Decoder<'_>| from.list(text);
        let card = Self {
            digest: Digest(from.array()?),
            app: text(from)?,
            name: text(from)?,
            model_type: text(from)?,
            version: text(from)?,
            classes: texts(from)?,
            features: texts(from)?,
            feature_bins: from.list(|from| Ok(Bins(texts(from)?)))?,
            score_bins: Bins(texts(from)?),
        };
        let is_short = |bins: &Bins| bins.0.len() <= limits::BINS;
        let is_possible = (1..=limits::CLASSES).contains(&card.classes.len())
            && (1..=limits::FEATURES).contains(&card.features.len())
            && card.feature_bins.len() <= card.features.len()
            && card.feature_bins.iter().chain([&card.score_bins]).all(is_short);
        if is_possible { Ok(card) } else { Err(from.error("the description of a model beyond the limits")) }
    }

    /// Whether every index in the predictions exists in this model.
    pub(super) fn fits(&self, predictions: &Predictions<'_>) -> bool {
        let features = self.features.len();
        let within = |pairs: &Pairs, limit| pairs.iter().all(|(index, _)| usize::from(index) < limit);
        predictions.classes.len() <= self.classes.len()
            && predictions.bins.len() <= features
            && predictions
                .bins
                .iter()
                .zip(&self.feature_bins)
                .all(|(pairs, bins)| within(pairs, bins.0.len()))
            && within(&predictions.score_bins, self.score_bins.0.len())
            && within(&predictions.missing, features)
            && within(&predictions.out_of_range, features)
    }
}

impl Bins {
    fn of(profile: &Profile<'_>) -> Self {
        // An artefact keeps within the limit.
        Self::between(&profile.edges().collect::<Vec<_>>()).unwrap_or_default()
    }

    /// The bins between edges, none without edges; `None` for more than a profile has.
    pub(super) fn between(edges: &[f64]) -> Option<Self> {
        let ends = edges.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
        match edges.len() {
            0 => Some(Self::default()),
            1..limits::BINS => Some(Self(ends.collect())),
            _ => None,
        }
    }
}
