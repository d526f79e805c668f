//! The model of a service, or the reason why there is none.

use portent_event::ErrorType;
use portent_model::{Model, Style};

use crate::imported::Imported;
use crate::scoring::Scorer;

/// The model, or why there is none.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one of it, and the large variant is the usual one")]
pub enum ModelState<'m> {
    /// Read and checked.
    Loaded(Model<'m>),
    /// Another component scores.
    Imported(Imported<'m>),
    /// Not available, for this reason. The readiness check shows it.
    Unavailable(String),
    /// Another component scores, and its description breaks this rule. The readiness check shows it.
    Contradictory(String),
}

/// Why predictions cannot be expected.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotReady {
    /// For the readiness check.
    pub(crate) detail: String,
    pub(crate) error: ErrorType,
}

impl<'m> ModelState<'m> {
    /// The model, if there is one.
    pub(crate) fn model(&self) -> Option<&Model<'m>> {
        match self {
            Self::Loaded(model) => Some(model),
            Self::Imported(imported) => Some(imported.model()),
            Self::Unavailable(_) | Self::Contradictory(_) => None,
        }
    }

    /// The model, if predictions can be expected of it.
    pub(crate) fn ready(&self) -> Result<&Model<'m>, NotReady> {
        let absent =
            |error, reason: &str| Err(NotReady { detail: format!("Model not loaded: {reason}"), error });
        match self {
            Self::Loaded(model) => Ok(model),
            Self::Imported(imported) => match imported.check() {
                Ok(()) => Ok(imported.model()),
                Err(problem) => Err(NotReady { detail: problem.message(), error: problem.error_type() }),
            },
            Self::Unavailable(reason) => absent(ErrorType::ModelNotLoaded, reason),
            Self::Contradictory(reason) => absent(ErrorType::ScorerInvalidOutput, reason),
        }
    }

    /// Whether the application takes readings. Without a model it counts as one of records.
    pub(crate) fn takes_readings(&self) -> bool {
        self.model().is_some_and(|model| model.interface().style == Style::Readings)
    }
}
