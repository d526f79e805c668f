//! The counts of a model as bytes, with the names that they need.

use std::sync::Arc;

use portent_event::Digest;

use super::FindCard;
use crate::codec::{DecodeError, Decoder, Encoder};
use crate::models::ModelCard;
use crate::registry::model_counts::ModelCounts;

impl ModelCounts {
    pub(super) fn encode(&self, out: &mut Encoder, is_described: &dyn Fn(&Digest) -> bool) {
        let described = self.card.is_unknown() || is_described(&self.card.digest);
        out.bool(described);
        match described {
            true => out.fixed(&self.card.digest.0),
            false => self.card.encode(out),
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
    let card = match from.bool()? {
        true => find_card(from, find)?,
        false => Arc::new(ModelCard::decode(from)?),
    };
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

fn find_card(from: &mut Decoder<'_>, find: &FindCard<'_>) -> Result<Arc<ModelCard>, DecodeError> {
    let (digest, unknown) = (Digest(from.array()?), ModelCard::unknown());
    let found = if digest == unknown.digest { Some(unknown) } else { find(&digest) };
    found.ok_or_else(|| from.error("counts of a model that was not described before"))
}
