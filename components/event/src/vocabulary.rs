//! The closed sets: every label value that a request can produce, in one place.

use crate::closed_set;

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
        /// One prediction, or a list of readings.
        Predict = "/predict",
        /// Many predictions.
        PredictBatch = "/predict/batch",
        /// The API, described as OpenAPI 3.1.
        OpenApi = "/openapi.json",
        /// The API as a page to try it.
        Docs = "/docs",
        /// MLflow: liveness.
        Ping = "/ping",
        /// MLflow: version.
        Version = "/version",
        /// MLflow: predictions.
        Invocations = "/invocations",
        /// V1: list of models.
        V1Models = "/v1/models",
        /// V1: whether a model is ready.
        V1Model = "/v1/models/{model}",
        /// V1: predictions.
        V1Predict = "/v1/models/{model}:predict",
        /// Open Inference Protocol: server metadata.
        V2Server = "/v2",
        /// Open Inference Protocol: liveness.
        V2Live = "/v2/health/live",
        /// Open Inference Protocol: readiness.
        V2Ready = "/v2/health/ready",
        /// List of models.
        V2Models = "/v2/models",
        /// Open Inference Protocol: model metadata.
        V2Model = "/v2/models/{model}",
        /// Open Inference Protocol: readiness of a model.
        V2ModelReady = "/v2/models/{model}/ready",
        /// Triton: configuration of a model.
        V2Config = "/v2/models/{model}/config",
        /// Triton: statistics of a model.
        V2Stats = "/v2/models/{model}/stats",
        /// Triton: statistics of all models.
        V2AllStats = "/v2/models/stats",
        /// Open Inference Protocol: predictions.
        V2Infer = "/v2/models/{model}/infer",
        /// Triton: index of the model repository.
        V2Index = "/v2/repository/index",
        /// Triton: load a model.
        V2Load = "/v2/repository/models/{model}/load",
        /// Triton: unload a model.
        V2Unload = "/v2/repository/models/{model}/unload",
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
        /// The scorer ended with a trap (reported by the embedded host).
        ScorerTrap = "ScorerTrap",
        /// The scorer did not answer in time (reported by the embedded host).
        ScorerTimeout = "ScorerTimeout",
        /// The scorer's description or scores break a rule of its contract.
        ScorerInvalidOutput = "ScorerInvalidOutput",
        /// The scorer said that it failed.
        ScorerError = "ScorerError",
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
