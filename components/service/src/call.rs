//! A request that has found its route and its model.

use std::borrow::Cow;

use portent_event::{ErrorType, RouteMatch, is_name};
use portent_model::Model;
use portent_openapi::contract::{EXPLAIN, FALSE_WORDS, TRUE_WORDS};

use crate::exchange::{Clock, Request};
use crate::explanation;
use crate::outcome::Outcome;
use crate::refusal::{ErrorForm, Refusal};
use crate::rows::Rows;
use crate::scoring::{Scored, Scorer};
use crate::stop_watch::StopWatch;
use crate::violation::{InputRule, Place, RequestPart, Violations};

/// The argument of a protocol's functions.
#[derive(Clone, Copy)]
pub(crate) struct Call<'c> {
    pub(crate) model: &'c Model<'c>,
    pub(crate) scorer: &'c dyn Scorer,
    pub(crate) request: &'c Request<'c>,
    pub(crate) route: RouteMatch<'c>,
    pub(crate) clock: &'c dyn Clock,
}

impl<'c> Call<'c> {
    /// Reads the body, answers it, and adds the time of each stage.
    pub(crate) fn respond<B: ToOwned + ?Sized + 'c>(
        &self,
        form: ErrorForm,
        read: impl FnOnce(&Self) -> Result<Cow<'c, B>, Refusal<'c>>,
        answer: impl for<'b> FnOnce(&Call<'b>, &'b B, &mut StopWatch<'_>) -> Result<Outcome, Refusal<'b>>,
    ) -> Outcome {
        let mut watch = StopWatch::start(self.clock);
        match read(self) {
            Ok(body) => {
                let result = answer(self, &body, &mut watch);
                watch.stop(result, form)
            }
            Err(refusal) => watch.stop(Err(refusal), form),
        }
    }

    /// Scores all rows or none, and explains them if asked; `place` is that of a row in the request.
    pub(crate) fn score<'a>(
        &self,
        rows: &Rows,
        explain: bool,
        place: impl Fn(usize) -> Place<'a>,
    ) -> Result<Scored, Refusal<'a>> {
        if explain {
            explanation::check(self.model, rows)?;
        }
        self.scorer.score(rows, explain).map_err(|problem| problem.refusal(place))
    }

    /// Checks that the path names the served model, and its version or none. The phrase is Triton's, whose clients
    /// look for it.
    pub(crate) fn check_model<'a>(&self) -> Result<(), Refusal<'a>> {
        let (model, version) = (self.model.name(), self.model.version());
        let (asked, asked_version) = (self.route.model.unwrap_or(model), self.route.version);
        if asked == model && asked_version.is_none_or(|asked| asked == version) {
            return Ok(());
        }
        let quoted = |name: &str| if is_name(name) { format!(" '{name}'") } else { String::new() };
        let text = match asked_version {
            Some(version) if asked == model => {
                format!("Request for unknown model:{} has no version{}", quoted(asked), quoted(version))
            }
            _ => format!("Request for unknown model:{} is not found", quoted(asked)),
        };
        Err(Refusal::new(404, ErrorType::NotFound, text))
    }

    /// Checks that the path names the served model, and that it can be used.
    pub(crate) fn check_ready<'a>(&self) -> Result<(), Refusal<'a>> {
        self.check_model()?;
        self.scorer.check().map_err(|problem| Refusal::new(503, problem.error_type(), problem.message()))
    }

    /// Whether `?explain=true` asks for an explanation.
    pub(crate) fn explain(&self) -> Result<bool, Violations<'static>> {
        self.flag(EXPLAIN)
    }

    /// A query parameter that is one of [`TRUE_WORDS`] or [`FALSE_WORDS`]; false if it is absent.
    pub(crate) fn flag(&self, name: &'static str) -> Result<bool, Violations<'static>> {
        let (_, query) = self.request.path_with_query.split_once('?').unwrap_or_default();
        let pairs = query.split('#').next().unwrap_or_default().split('&');
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let mut values = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value);
        let rule = match (values.next(), values.next()) {
            (None, _) => return Ok(false),
            (Some(value), None) => match truth(value) {
                Some(truth) => return Ok(truth),
                None => InputRule::Boolean,
            },
            (Some(_), Some(_)) => InputRule::repeated(),
        };
        let place = Place { part: RequestPart::Query, field: Some(name), ..Place::default() };
        Err(Violations::one(rule, place, None))
    }
}

/// What a word means, in letters of any case.
fn truth(word: &str) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|known| known.eq_ignore_ascii_case(word));
    if is(&TRUE_WORDS) { Some(true) } else { is(&FALSE_WORDS).then_some(false) }
}
