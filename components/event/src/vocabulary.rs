//! The label values that a request can produce: members of closed sets, and checked names.

use crate::limits;

/// Whether a text is 1 to 64 characters of `a-z A-Z 0-9 . _ -`.
///
/// Names go into labels and logs, so they are short and need no escaping anywhere.
pub fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() | matches!(byte, b'.' | b'_' | b'-');
    // Without an early exit, this compiles to vector instructions.
    (1..=limits::NAME_BYTES).contains(&text.len()) && text.bytes().fold(true, |all, byte| all & allowed(byte))
}

/// Declares enums whose variants have a fixed text, which JSON and metric labels use.
///
/// With `else Variant`, an unknown text reads as that variant: an aggregator that is older than the component
/// stays bounded and refuses no line. Without it, an unknown text is an error.
#[macro_export]
macro_rules! closed_sets {
    ($(
        $(#[$meta:meta])*
        pub enum $name:ident $(else $other:ident)? {
            $( $(#[$variant_meta:meta])* $variant:ident = $text:literal, )+
        }
    )+) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $( #[doc = concat!("`", $text, "`")] $(#[$variant_meta])* $variant, )+
        }

        impl $name {
            /// Every member, in declaration order.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// The text used in JSON and as a label value.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $text, )+ }
            }

            /// The member with exactly this text, or the catch-all member if the set has one.
            pub fn from_text(text: &str) -> Option<Self> {
                match text {
                    $( $text => Some(Self::$variant), )+
                    _ => <[Self]>::first(&[$(Self::$other)?]).copied(),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl serde::de::Visitor<'_> for Text {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("a string")
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        $name::from_text(text)
                            .ok_or_else(|| E::custom(concat!("not a known ", stringify!($name))))
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }
    )+ };
}

closed_sets! {
    /// HTTP method of a request.
    pub enum Method else Other {
        Get = "GET",
        Head = "HEAD",
        Post = "POST",
        Put = "PUT",
        Patch = "PATCH",
        Delete = "DELETE",
        Options = "OPTIONS",
        /// Any other token.
        Other = "other",
    }

    /// Route template; the value of the `endpoint` label. Never a raw path.
    pub enum Route else Unmatched {
        /// Description of the service.
        Root = "/",
        /// Health as the replaced service reported it: always 200.
        Health = "/health",
        HealthLive = "/health/live",
        /// Whether the model is loaded.
        HealthReady = "/health/ready",
        ModelInfo = "/model/info",
        /// Names, classes and reference profile of the model, for the aggregator.
        ModelProfile = "/model/profile",
        /// One prediction, or a list of readings.
        Predict = "/predict",
        PredictBatch = "/predict/batch",
        OpenApi = "/openapi.json",
        /// A page to try the API.
        Docs = "/docs",
        // MLflow.
        Ping = "/ping",
        Version = "/version",
        Invocations = "/invocations",
        // V1 of KServe and TensorFlow Serving.
        V1Models = "/v1/models",
        V1Model = "/v1/models/{model}",
        V1Predict = "/v1/models/{model}:predict",
        // Open Inference Protocol.
        V2Server = "/v2",
        V2Live = "/v2/health/live",
        V2Ready = "/v2/health/ready",
        V2Models = "/v2/models",
        V2Model = "/v2/models/{model}",
        V2ModelReady = "/v2/models/{model}/ready",
        // Triton.
        V2Config = "/v2/models/{model}/config",
        V2Stats = "/v2/models/{model}/stats",
        V2AllStats = "/v2/models/stats",
        // Open Inference Protocol.
        V2Infer = "/v2/models/{model}/infer",
        // Triton.
        V2Index = "/v2/repository/index",
        V2Load = "/v2/repository/models/{model}/load",
        V2Unload = "/v2/repository/models/{model}/unload",
        /// Any path without a route.
        Unmatched = "other",
    }

    /// Why a request failed; the value of the `error_type` label.
    pub enum ErrorType else Other {
        /// The body breaks a rule of the model's schema.
        Validation = "ValidationError",
        /// The body or batch is larger than the limit.
        PayloadTooLarge = "PayloadTooLarge",
        /// The content type or encoding is not one that the service reads.
        UnsupportedMediaType = "UnsupportedMediaType",
        NotFound = "NotFound",
        MethodNotAllowed = "MethodNotAllowed",
        /// The model could not be read.
        ModelNotLoaded = "ModelNotLoaded",
        /// The service has a defect.
        Internal = "InternalError",
        /// The component ended with a trap; the embedded host reports it.
        Trap = "Trap",
        /// The component did not answer in time; the embedded host reports it.
        Timeout = "Timeout",
        /// The host had no room for the request; the embedded host reports it.
        Overloaded = "Overloaded",
        /// The scorer ended with a trap; the embedded host reports it.
        ScorerTrap = "ScorerTrap",
        /// The scorer did not answer in time; the embedded host reports it.
        ScorerTimeout = "ScorerTimeout",
        /// The scorer's description or scores break a rule of its contract.
        ScorerInvalidOutput = "ScorerInvalidOutput",
        /// The scorer said that it failed.
        ScorerError = "ScorerError",
        /// A type this version does not know.
        Other = "other",
    }

    /// A timed part of a request.
    pub enum Stage {
        /// Body to fields.
        Parse = "parse",
        /// Fields to model rows.
        Validate = "validate",
        /// Rows to scores.
        Score = "score",
        /// Scores to the bytes of the response.
        Encode = "encode",
    }

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
        Other = "other",
    }
}
