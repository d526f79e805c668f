//! A request that has found its route and its model.

use portent_event::{ErrorType, RouteMatch, is_name};
use portent_model::Model;

use crate::exchange::{Clock, Request};
use crate::refusal::Refusal;
use crate::scorer::Scorer;
use crate::violation::{Part, Place, Rule, Violations};

/// What a dialect's function works on.
#[derive(Clone, Copy)]
pub(crate) struct Call<'c> {
    pub(crate) model: &'c Model<'c>,
    pub(crate) scorer: &'c dyn Scorer,
    pub(crate) request: &'c Request<'c>,
    pub(crate) route: RouteMatch<'c>,
    /// Path under which the component is mounted: empty, or `/hvs`.
    pub(crate) base: &'c str,
    pub(crate) clock: &'c dyn Clock,
}

impl<'c> Call<'c> {
    /// Checks that the path names the served model, and its version or none. The phrase is Triton's, whose clients
    /// look for it.
    pub(crate) fn check_model<'a>(&self) -> Result<(), Refusal<'a>> {
        let (model, version) = (self.model.name(), self.model.version());
        let (asked, asked_version) = (self.route.model.unwrap_or(model), self.route.version);
        if asked == model && asked_version.is_none_or(|asked| asked == version) {
            return Ok(());
        }
        let shown = |name: &str| if is_name(name) { format!(" '{name}'") } else { String::new() };
        let text = match asked_version {
            Some(version) if asked == model => {
                format!("Request for unknown model:{} has no version{}", shown(asked), shown(version))
            }
            _ => format!("Request for unknown model:{} is not found", shown(asked)),
        };
        Err(Refusal::new(404, ErrorType::NotFound, text))
    }

    /// Values of a query parameter as sent; empty where it is named without one.
    pub(crate) fn query<'n>(&self, name: &'n str) -> impl Iterator<Item = &'c str> + use<'c, 'n> {
        let (_, query) = self.request.path_with_query.split_once('?').unwrap_or_default();
        let pairs = query.split('#').next().unwrap_or_default().split('&');
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.filter(move |(key, _)| *key == name).map(|(_, value)| value)
    }

    /// Whether `?explain=true` asks for an explanation.
    pub(crate) fn explain(&self) -> Result<bool, Violations<'static>> {
        self.flag("explain")
    }

    /// A query parameter that is true or false; false where it is absent.
    pub(crate) fn flag(&self, name: &'static str) -> Result<bool, Violations<'static>> {
        let mut values = self.query(name);
        let rule = match (values.next(), values.next()) {
            (None, _) | (Some("false"), None) => return Ok(false),
            (Some("true"), None) => return Ok(true),
            (Some(_), None) => Rule::Boolean,
            (Some(_), Some(_)) => Rule::repeated(),
        };
        let place = Place { part: Part::Query, field: Some(name), ..Place::default() };
        Err(Violations::one(rule, place, None))
    }
}
