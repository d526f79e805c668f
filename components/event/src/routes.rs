//! The routes of the prediction API: the paths that lead to them, and the statuses that they answer.

use crate::vocabulary::{Method, Route};

/// A route: its method, and the statuses that it answers.
#[derive(Clone, Copy, Debug)]
pub struct RouteInfo {
    /// The template.
    pub route: Route,
    /// The one method that does the route's work (`HEAD` follows `GET`, `OPTIONS` is everywhere).
    pub method: Method,
    /// Whether rows are scored here.
    pub predicts: bool,
    /// Statuses whose series exist at zero before the first request.
    pub statuses: &'static [u16],
    /// Position of [`MODEL`] in the template.
    model_at: Option<usize>,
}

/// Placeholder of the name of a model in a template.
const MODEL: &str = "{model}";

/// A path that leads to a route.
#[derive(Clone, Copy, Debug)]
pub struct RouteMatch<'p> {
    /// The route.
    pub info: &'static RouteInfo,
    /// The name of the model, as the path has it.
    pub model: Option<&'p str>,
    /// The version that follows `/versions/`, which may stand behind the model of a `/v2` route.
    pub version: Option<&'p str>,
}

/// Every route of the service. Routing, `Allow` headers and zero series are derived from this list.
pub const ROUTES: &[RouteInfo] = &[
    get(Route::Root, &[200]),
    get(Route::Health, &[200]),
    get(Route::HealthLive, &[200]),
    get(Route::HealthReady, &[200, 503]),
    get(Route::ModelInfo, &[200, 503]),
    get(Route::ModelProfile, &[200, 503]),
    predict(Route::Predict, &[200, 400, 422, 500, 503]),
    predict(Route::PredictBatch, &[200, 422, 500, 503]),
    get(Route::OpenApi, &[200]),
    get(Route::Docs, &[200]),
    get(Route::Ping, &[200]),
    get(Route::Version, &[200]),
    predict(Route::Invocations, &[200, 400, 500, 503]),
    get(Route::V1Models, &[200]),
    get(Route::V1Model, &[200]),
    predict(Route::V1Predict, &[200, 400, 500, 503]),
    get(Route::V2Server, &[200]),
    get(Route::V2Live, &[200]),
    get(Route::V2Ready, &[200, 503]),
    get(Route::V2Models, &[200]),
    get(Route::V2AllStats, &[200]),
    get(Route::V2Model, &[200]),
    get(Route::V2ModelReady, &[200]),
    get(Route::V2Config, &[200]),
    get(Route::V2Stats, &[200]),
    predict(Route::V2Infer, &[200, 400, 500, 503]),
    post(Route::V2Index, &[200]),
    post(Route::V2Load, &[200]),
    post(Route::V2Unload, &[]),
];

/// Finds the route of a path: the first of [`ROUTES`] whose template the path is an instance of.
///
/// ```
/// let found = portent_event::find_route("/v2/models/hvs/versions/1.0.0/infer").unwrap();
/// assert_eq!(found.info.route, portent_event::Route::V2Infer);
/// assert_eq!((found.model, found.version), (Some("hvs"), Some("1.0.0")));
/// assert!(portent_event::find_route("/v2/models/hvs/").is_none());
/// ```
pub fn find_route(path: &str) -> Option<RouteMatch<'_>> {
    // A template without a model has one path, and precedes the templates that this path is an instance of too.
    let route = Route::from_text(path);
    if let Some(info) = ROUTES.iter().find(|info| Some(info.route) == route && info.model_at.is_none()) {
        return Some(RouteMatch { info, model: None, version: None });
    }
    ROUTES.iter().find_map(|info| {
        let (before, after) = info.route.as_str().split_at_checked(info.model_at?)?;
        let rest = path.strip_prefix(before)?.strip_suffix(after.strip_prefix(MODEL)?)?;
        let (model, version) = match rest.split_once("/versions/") {
            Some((model, version)) if before.starts_with("/v2/models/") => (model, Some(version)),
            _ => (rest, None),
        };
        let is_segment = |text: &str| !text.is_empty() && !text.contains(['/', ':']);
        let fits = is_segment(model) && version.is_none_or(is_segment);
        fits.then_some(RouteMatch { info, model: Some(model), version })
    })
}

const fn get(route: Route, statuses: &'static [u16]) -> RouteInfo {
    RouteInfo { route, method: Method::Get, predicts: false, statuses, model_at: model_at(route) }
}

const fn post(route: Route, statuses: &'static [u16]) -> RouteInfo {
    RouteInfo { method: Method::Post, ..get(route, statuses) }
}

const fn predict(route: Route, statuses: &'static [u16]) -> RouteInfo {
    RouteInfo { predicts: true, ..post(route, statuses) }
}

/// Position of the first brace of a template.
const fn model_at(route: Route) -> Option<usize> {
    let (template, mut at) = (route.as_str().as_bytes(), 0);
    while at < template.len() {
        if template[at] == MODEL.as_bytes()[0] {
            return Some(at);
        }
        at += 1;
    }
    None
}
