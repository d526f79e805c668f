//! A scorer of rules: whether a battery module is about to run away, as an engineer would say it.
//!
//! [`rules`] is the file to read and change. This one connects it to Portent by the contract of `wit/`.

pub mod rules;

use rules::{FEATURES, Reading, Verdict, assess};

/// Names of the results, in the order of a row's scores.
pub const CLASSES: [&str; 2] = ["Normal", "Hazardous"];

/// Score of `Hazardous` from which a module is called so.
pub const THRESHOLD: f64 = 0.5;

/// Scores of rows, and what each value added to them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scored {
    /// Those of both classes, row after row.
    pub values: Vec<f64>,
    /// One per feature, row after row; empty if they are not asked for.
    pub contributions: Vec<f64>,
}

/// Assesses rows of one value per feature.
///
/// # Errors
/// The index of the first row that the rules refuse, and why.
pub fn score(values: &[f64], explain: bool) -> Result<Scored, (usize, &'static str)> {
    let mut scored = Scored::default();
    let (rows, _) = values.as_chunks::<{ FEATURES.len() }>();
    for (index, row) in rows.iter().enumerate() {
        let Verdict { risk, added } = assess(&Reading::of(row)).map_err(|reason| (index, reason))?;
        scored.values.extend([1.0 - risk, risk]);
        if explain {
            scored.contributions.extend(added);
        }
    }
    Ok(scored)
}

#[cfg(target_family = "wasm")]
mod component;
