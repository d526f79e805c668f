//! The form of an application's requests and responses.

use portent_event::is_name;

use crate::error::{ArtefactError, check};
use crate::format::{Section, Style, size};
use crate::schema::Schema;
use crate::sections::{Sections, Texts, u32_at};

/// Names in the application's own protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interface<'a> {
    /// One object per row, or always a list.
    pub style: Style,
    /// Name of the list of rows.
    pub list: &'a str,
    /// Field that names the group of a row, such as a module; empty if rows have none.
    pub group: &'a str,
    /// Field that holds the time of a row; empty if rows have none.
    pub time: &'a str,
    /// Field of a response that holds the predicted class.
    pub prediction: &'a str,
    /// Field of a response that holds the score.
    pub score: &'a str,
}

impl Default for Interface<'_> {
    fn default() -> Self {
        Self {
            style: Style::Records,
            list: "instances",
            group: "",
            time: "",
            prediction: "prediction",
            score: "confidence",
        }
    }
}

impl<'a> Interface<'a> {
    pub(crate) fn open(
        sections: &Sections<'a>,
        texts: Texts<'a>,
        schema: &Schema<'_>,
    ) -> Result<Self, ArtefactError> {
        let rule = |holds, rule| check(holds, Section::Interface, 0, rule);
        let record = sections.get(Section::Interface);
        let interface = if record.is_empty() {
            Self::default()
        } else {
            let is_whole =
                record.len() == size::INTERFACE && (0..5).all(|text| texts.contains(record, text * 8));
            rule(is_whole, "not a style and five texts")?;
            let style = Style::from_code(u32_at(record, 40));
            rule(style.is_some(), "unknown style")?;
            let [list, group, time, prediction, score] = [0, 8, 16, 24, 32].map(|at| texts.at(record, at));
            Self { style: style.unwrap_or(Style::Records), list, group, time, prediction, score }
        };
        let Self { list, group, time, prediction, score, .. } = interface;
        let optional = |name: &str| name.is_empty() || is_name(name);
        rule(is_name(list), "list is not a name")?;
        rule(is_name(prediction) && is_name(score), "prediction or score is not a name")?;
        rule(prediction != score, "prediction and score have one name")?;
        rule(optional(group) && optional(time), "group or time is not a name")?;
        let is_feature = |name: &str| schema.features().any(|feature| feature.name() == name);
        rule(group.is_empty() || group != time, "group and time have one name")?;
        rule(!is_feature(group) && !is_feature(time), "group or time is a feature")?;
        Ok(interface)
    }
}
