//! Counts as bytes, for the state that survives a restart.
//!
//! Label values stand as texts, so that their order in the program may change. What is only of the moment, the
//! requests in flight and the exemplars, is left out.

mod app;
mod model;

use std::sync::Arc;

use portent_event::Digest;

use super::{Intake, Limit, Registry, Rejection, Way};
use crate::codec::{DecodeError, Decoder, Encoder};
use crate::models::ModelCard;

/// Finds the names of a model that counts refer to by its digest alone.
pub(crate) type FindCard<'a> = dyn Fn(&Digest) -> Option<Arc<ModelCard>> + 'a;

impl Registry {
    /// Writes the counts. Models for which `is_described` holds are named by their digest alone.
    pub(crate) fn encode(&self, out: &mut Encoder, is_described: &dyn Fn(&Digest) -> bool) {
        self.intake.encode(out);
        out.list(self.apps.iter(), |out, (name, app)| {
            out.text(name);
            app.encode(out, is_described);
        });
    }

    /// Reads counts.
    ///
    /// # Errors
    /// [`DecodeError`] if the bytes are no counts, or name a model that nobody described.
    pub(crate) fn decode(from: &mut Decoder<'_>, find: &FindCard<'_>) -> Result<Self, DecodeError> {
        let intake = Intake::decode(from)?;
        let apps = from.list(|from| {
            let name = from.text()?;
            if !portent_event::is_name(name) {
                return Err(from.error("the name of an application is none"));
            }
            Ok((name.to_owned(), Arc::new(app::decode(from, find)?)))
        })?;
        Ok(Self { apps: apps.into_iter().collect(), intake })
    }

    /// The models that are counted, each once.
    pub(crate) fn cards(&self) -> impl Iterator<Item = &Arc<ModelCard>> {
        self.apps.values().flat_map(|app| app.models.values().map(|model| &model.card))
    }
}

impl Intake {
    fn encode(&self, out: &mut Encoder) {
        let labelled = |out: &mut Encoder, (label, count): (&str, u64)| {
            out.text(label);
            out.number(count);
        };
        out.list(self.received.iter().map(|(way, count)| (way.as_str(), *count)), labelled);
        out.list(self.rejected.iter().map(|(reason, count)| (reason.as_str(), *count)), labelled);
        out.list(self.limit_hits.iter().map(|(limit, count)| (limit.as_str(), *count)), labelled);
        let numbers = [
            self.created,
            self.duplicates,
            self.truncated,
            self.ignored,
            self.unknown_models,
            self.newest_event,
        ];
        numbers.into_iter().for_each(|number| out.number(number));
    }

    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let mut intake = Self::default();
        // A label that a later version had and this one does not know is left out.
        for (label, count) in from.list(labelled)? {
            let way = Way::ALL.into_iter().find(|way| way.as_str() == label);
            way.into_iter().for_each(|way| intake.receive(way, count));
        }
        for (label, count) in from.list(labelled)? {
            let reason = Rejection::ALL.into_iter().find(|reason| reason.as_str() == label);
            reason.into_iter().for_each(|reason| intake.reject(reason, count));
        }
        for (label, count) in from.list(labelled)? {
            let limit = Limit::ALL.into_iter().find(|limit| limit.as_str() == label);
            limit.into_iter().for_each(|limit| intake.hit(limit, count));
        }
        intake.created = from.number()?;
        intake.duplicates = from.number()?;
        intake.truncated = from.number()?;
        intake.ignored = from.number()?;
        intake.unknown_models = from.number()?;
        intake.newest_event = from.number()?;
        Ok(intake)
    }
}

fn labelled<'a>(from: &mut Decoder<'a>) -> Result<(&'a str, u64), DecodeError> {
    Ok((from.text()?, from.number()?))
}

#[cfg(test)]
mod tests;
