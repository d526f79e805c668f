//! The counts of a model as bytes, with the names that they need.

use std::sync::Arc;

use portent_event::{Digest, limits};

use super::FindCard;
use crate::codec::{DecodeError, Decoder, Encoder};
use crate::models::{Bins, ModelCard};
use crate::registry::model_counts::ModelCounts;

impl ModelCounts {
    pub(super) fn encode(&self, out: &mut Encoder, is_described: &dyn Fn(&Digest) -> bool) {
        let digest = self.card.digest;
        out.fixed(&digest.0);
        let described = self.card.is_unknown() || is_described(&digest);
        out.bool(!described);
        if !described {
            encode_card(&self.card, out);
        }
        out.number(self.created);
        out.option(self.last_used);
        out.number(self.score_sum_nano);
        for histogram in &self.confidence {
            out.number(histogram.sum_nano);
            out.counts(&histogram.buckets);
        }
        self.counts().into_iter().for_each(|counts| out.counts(counts));
    }

    fn counts(&self) -> [&Vec<u64>; 5] {
        [&self.rows, &self.score_bins, &self.feature_bins, &self.missing, &self.out_of_range]
    }

    fn counts_mut(&mut self) -> [&mut Vec<u64>; 5] {
        let Self { rows, score_bins, feature_bins, missing, out_of_range, .. } = self;
        [rows, score_bins, feature_bins, missing, out_of_range]
    }
}

pub(super) fn decode(from: &mut Decoder<'_>, find: &FindCard<'_>) -> Result<ModelCounts, DecodeError> {
    let digest = Digest(from.array()?);
    let card = match from.bool()? {
        true => Some(Arc::new(decode_card(digest, from)?)),
        false if digest == ModelCard::unknown().digest => Some(ModelCard::unknown()),
        false => find(&digest),
    };
    let card = card.ok_or_else(|| from.error("counts of a model that is not described before"))?;
    let mut model = ModelCounts::new(card, from.number()?);
    model.last_used = from.option()?;
    model.score_sum_nano = from.number()?;
    for histogram in &mut model.confidence {
        histogram.sum_nano = from.number()?;
        from.counts(&mut histogram.buckets)?;
    }
    for counts in model.counts_mut() {
        from.counts(counts)?;
    }
    Ok(model)
}

fn encode_card(card: &ModelCard, out: &mut Encoder) {
    [&card.app, &card.name, &card.model_type, &card.version].into_iter().for_each(|text| out.text(text));
    let texts = |out: &mut Encoder, texts: &[String]| out.list(texts.iter(), |out, text| out.text(text));
    texts(out, &card.classes);
    texts(out, &card.features);
    out.list(card.feature_bins.iter(), |out, bins| texts(out, &bins.0));
    texts(out, &card.score_bins.0);
}

fn decode_card(digest: Digest, from: &mut Decoder<'_>) -> Result<ModelCard, DecodeError> {
    let text = |from: &mut Decoder<'_>| Ok(from.text()?.to_owned());
    let texts = |from: &mut Decoder<'_>| from.list(text);
    let card = ModelCard {
        digest,
        app: text(from)?,
        name: text(from)?,
        model_type: text(from)?,
        version: text(from)?,
        classes: texts(from)?,
        features: texts(from)?,
        feature_bins: from.list(|from| Ok(Bins(texts(from)?)))?,
        score_bins: Bins(texts(from)?),
    };
    // The limits of an artefact, so that a damaged card cannot ask for more memory than one.
    let is_short = |bins: &Bins| bins.0.len() <= limits::BINS;
    let is_within = (1..=limits::CLASSES).contains(&card.classes.len())
        && (1..=limits::FEATURES).contains(&card.features.len())
        && card.feature_bins.len() <= card.features.len()
        && card.feature_bins.iter().chain([&card.score_bins]).all(is_short);
    if is_within { Ok(card) } else { Err(from.error("the description of a model is beyond the limits")) }
}
