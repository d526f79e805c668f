//! The form that an application's requests and answers have.

use portent_event::is_name;

use crate::bytes::u32_at;
use crate::codes::Style;
use crate::format::{Section, size};
use crate::model::content;
use crate::sections::Sections;
use crate::texts::Texts;
use crate::{ArtefactError, Model};

/// Names in the application's own dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interface<'a> {
    /// One object a row, or always a list.
    pub style: Style,
    /// Name of the list of rows.
    pub list: &'a str,
    /// Field that names the group of a row, such as a module; empty if rows have none.
    pub group: &'a str,
    /// Field that holds the time of a row; empty if rows have none.
    pub time: &'a str,
    /// Field of an answer that holds the predicted class.
    pub prediction: &'a str,
    /// Field of an answer that holds the score.
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
    pub(crate) fn open(sections: &Sections<'a>, texts: Texts<'a>) -> Result<Self, ArtefactError> {
        let rule = |rule| content(Section::Interface, 0, rule);
        let record = sections.get(Section::Interface);
        if record.is_empty() {
            return Ok(Self::default());
        }
        if record.len() != size::INTERFACE || !(0..5).all(|text| texts.contains(record, text * 8)) {
            return Err(rule("not a style and five texts"));
        }
        let text = |number: usize| texts.at(record, number * 8);
        let style = Style::from_code(u32_at(record, 40)).ok_or(rule("unknown style"))?;
        let [list, group, time, prediction, score] = [0, 1, 2, 3, 4].map(text);
        Ok(Self { style, list, group, time, prediction, score })
    }

    pub(crate) fn check(&self, model: &Model<'_>) -> Result<(), ArtefactError> {
        let rule = |holds: bool, rule| if holds { Ok(()) } else { Err(content(Section::Interface, 0, rule)) };
        let optional = |name: &str| name.is_empty() || is_name(name);
        rule(is_name(self.list), "list is not a name")?;
        rule(is_name(self.prediction) && is_name(self.score), "prediction or score is not a name")?;
        rule(self.prediction != self.score, "prediction and score have one name")?;
        rule(optional(self.group) && optional(self.time), "group or time is not a name")?;
        let is_feature = |name: &str| model.features().any(|feature| feature.name() == name);
        rule(self.group.is_empty() || self.group != self.time, "group and time have one name")?;
        rule(!is_feature(self.group) && !is_feature(self.time), "group or time is a feature")
    }
}
