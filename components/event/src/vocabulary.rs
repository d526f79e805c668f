//! The closed sets: every label value that a request can produce, in one place.

use crate::closed_set::closed_set;

closed_set! {
    /// HTTP method of a request.
    pub enum Method else Other {
        /// `GET`
        Get = "GET",
        /// `HEAD`
        Head = "HEAD",
        /// `POST`
        Post = "POST",
        /// `PUT`
        Put = "PUT",
        /// `PATCH`
        Patch = "PATCH",
        /// `DELETE`
        Delete = "DELETE",
        /// `OPTIONS`
        Options = "OPTIONS",
        /// Any other token.
        Other = "other",
    }
}

closed_set! {
    /// Route template; the value of the `endpoint` label. Never a raw path.
    pub enum Route else Unmatched {
        /// Service description.
        Root = "/",
        /// Health in the form of the service that this replaces: always 200.
        Health = "/health",
        /// Liveness: the component runs.
        HealthLive = "/health/live",
        /// Readiness: the model is loaded.
        HealthReady = "/health/ready",
        /// Model description.
        ModelInfo = "/model/info",
        /// Names, classes and reference profile of the model, for the aggregator.
        ModelProfile = "/model/profile",
        /// One prediction.
        Predict = "/predict",
        /// Many predictions.
        PredictBatch = "/predict/batch",
        /// Any path without a route.
        Unmatched = "other",
    }
}

closed_set! {
    /// Why a request did not get what it asked for; the value of the `error_type` label.
    pub enum ErrorType else Other {
        /// The body breaks a rule of the model's schema.
        Validation = "ValidationError",
        /// The body or batch is larger than the limit.
        PayloadTooLarge = "PayloadTooLarge",
        /// The content type or encoding is not one that the service reads.
        UnsupportedMediaType = "UnsupportedMediaType",
        /// No such route.
        NotFound = "NotFound",
        /// The route exists, but not with this method.
        MethodNotAllowed = "MethodNotAllowed",
        /// The model could not be read.
        ModelNotLoaded = "ModelNotLoaded",
        /// The service failed where it should not.
        Internal = "InternalError",
        /// The component ended with a trap (reported by the embedded host).
        Trap = "Trap",
        /// The component did not answer in time (reported by the embedded host).
        Timeout = "Timeout",
        /// The host had no room for the request (reported by the embedded host).
        Overloaded = "Overloaded",
        /// A type this version does not know.
        Other = "other",
    }
}

closed_set! {
    /// A timed part of a request.
    pub enum Stage {
        /// Body to fields.
        Parse = "parse",
        /// Fields to model rows.
        Validate = "validate",
        /// Rows to scores.
        Score = "score",
        /// Scores to the answer's bytes.
        Encode = "encode",
    }
}

closed_set! {
    /// Why a sender gave up on delivering events.
    pub enum DropReason else Other {
        /// No connection to the aggregator.
        Unreachable = "unreachable",
        /// The aggregator did not answer in time.
        Timeout = "timeout",
        /// The aggregator refused the delivery (4xx).
        Refused = "refused",
        /// The aggregator failed (5xx).
        Failed = "failed",
        /// The host ended the component while it was delivering.
        Cancelled = "cancelled",
        /// Any other reason.
        Other = "other",
    }
}

/// A route as the service answers it: which methods, and which statuses to expect from the start.
#[derive(Clone, Copy, Debug)]
pub struct RouteInfo {
    /// The template.
    pub route: Route,
    /// The one method that does the route's work (`HEAD` follows `GET`, `OPTIONS` is everywhere).
    pub method: Method,
    /// Statuses whose series exist at zero before the first request.
    pub statuses: &'static [u16],
}

/// Every route of the service. Routing, `Allow` headers and zero series are derived from this list.
pub const ROUTES: &[RouteInfo] = &[
    RouteInfo { route: Route::Root, method: Method::Get, statuses: &[200] },
    RouteInfo { route: Route::Health, method: Method::Get, statuses: &[200] },
    RouteInfo { route: Route::HealthLive, method: Method::Get, statuses: &[200] },
    RouteInfo { route: Route::HealthReady, method: Method::Get, statuses: &[200, 503] },
    RouteInfo { route: Route::ModelInfo, method: Method::Get, statuses: &[200, 503] },
    RouteInfo { route: Route::ModelProfile, method: Method::Get, statuses: &[200, 503] },
    RouteInfo { route: Route::Predict, method: Method::Post, statuses: &[200, 422, 500, 503] },
    RouteInfo { route: Route::PredictBatch, method: Method::Post, statuses: &[200, 422, 500, 503] },
];
