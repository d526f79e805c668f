//! An application as bytes.

use std::sync::Arc;

use portent_event::{Digest, DropReason, ErrorType, Method, Route, Stage};

use super::FindCard;
use crate::codec::{DecodeError, Decoder, Encoder};
use crate::registry::app::App;
use crate::registry::histogram::DurationHistogram;
use crate::registry::native::{NativeHistogram, is_index};
use crate::registry::series::{Counter, DurationSeries};

impl App {
    pub(super) fn encode(&self, out: &mut Encoder, is_described: &dyn Fn(&Digest) -> bool) {
        out.number(self.created);
        [self.last_event, self.ready, self.failed].into_iter().for_each(|time| out.option(time));
        out.list(self.requests.iter(), |out, ((method, route, status), series)| {
            out.text(method.as_str());
            out.text(route.as_str());
            out.number(*status);
            series.encode(out);
        });
        out.list(self.errors.iter(), |out, ((error, route), counter)| {
            out.text(error.as_str());
            out.text(route.as_str());
            out.number(counter.created);
            out.number(counter.value);
        });
        out.list(self.stages.iter(), |out, ((route, stage), series)| {
            out.text(route.as_str());
            out.text(stage.as_str());
            series.encode(out);
        });
        out.list(self.drops.iter(), |out, (reason, count)| {
            out.text(reason.as_str());
            out.number(*count);
        });
        out.list(self.models.values(), |out, model| model.encode(out, is_described));
    }
}

pub(super) fn decode(from: &mut Decoder<'_>, find: &FindCard<'_>) -> Result<App, DecodeError> {
    let mut app = App::since(from.number()?);
    (app.last_event, app.ready, app.failed) = (from.option()?, from.option()?, from.option()?);
    // Two texts may be one label now: such counts are added up.
    for (key, series) in from.list(request)? {
        app.requests.entry(key).and_modify(|sum| sum.merge(&series)).or_insert(series);
    }
    for (key, counter) in from.list(error)? {
        app.errors.entry(key).and_modify(|sum| sum.merge(&counter)).or_insert(counter);
    }
    for (key, series) in from.list(stage)? {
        app.stages.entry(key).and_modify(|sum| sum.merge(&series)).or_insert(series);
    }
    for (reason, count) in from.list(drops)? {
        *app.drops.entry(reason).or_default() += count;
    }
    for model in from.list(|from| super::model::decode(from, find))? {
        app.models.insert(model.card.digest, Arc::new(model));
    }
    Ok(app)
}

impl DurationSeries {
    fn encode(&self, out: &mut Encoder) {
        out.number(self.created);
        out.number(self.classic.sum_nano);
        out.counts(&self.classic.buckets);
        out.number(self.native.zero);
        let buckets: Vec<_> = self.native.buckets().collect();
        out.list(buckets.iter(), |out, (index, count)| {
            out.fixed(&index.to_le_bytes());
            out.number(*count);
        });
    }

    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let mut series = Self::since(from.number()?);
        let mut classic = DurationHistogram { sum_nano: from.number()?, ..DurationHistogram::default() };
        from.counts(&mut classic.buckets)?;
        let mut native = NativeHistogram::default();
        native.zero = from.number()?;
        for (index, count) in from.list(|from| Ok((i16::from_le_bytes(from.array()?), from.number()?)))? {
            if !is_index(index) {
                return Err(from.error("a bucket out of range"));
            }
            native.add(index, count);
        }
        (series.classic, series.native) = (classic, native);
        Ok(series)
    }
}

type Request = (Method, Route, u16);

fn request(from: &mut Decoder<'_>) -> Result<(Request, DurationSeries), DecodeError> {
    let (method, route, status) = (method(from)?, route(from)?, from.number()?);
    Ok(((method, route, status), DurationSeries::decode(from)?))
}

fn error(from: &mut Decoder<'_>) -> Result<((ErrorType, Route), Counter), DecodeError> {
    let error = ErrorType::from_text(from.text()?).unwrap_or(ErrorType::Other);
    let route = route(from)?;
    let mut counter = Counter::since(from.number()?);
    counter.value = from.number()?;
    Ok(((error, route), counter))
}

fn stage(from: &mut Decoder<'_>) -> Result<((Route, Stage), DurationSeries), DecodeError> {
    let route = route(from)?;
    let stage = Stage::from_text(from.text()?).ok_or_else(|| from.error("a stage that does not exist"))?;
    Ok(((route, stage), DurationSeries::decode(from)?))
}

fn drops(from: &mut Decoder<'_>) -> Result<(DropReason, u64), DecodeError> {
    Ok((DropReason::from_text(from.text()?).unwrap_or(DropReason::Other), from.number()?))
}

fn method(from: &mut Decoder<'_>) -> Result<Method, DecodeError> {
    Ok(Method::from_text(from.text()?).unwrap_or(Method::Other))
}

fn route(from: &mut Decoder<'_>) -> Result<Route, DecodeError> {
    Ok(Route::from_text(from.text()?).unwrap_or(Route::Unmatched))
}
