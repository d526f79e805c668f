//! The rules of the model's own sections.

use portent_event::{is_name, limits};

use crate::bytes::f64_at;
use crate::codes::Algorithm;
use crate::format::Section;
use crate::model::content;
use crate::sections::Checking;
use crate::{ArtefactError, Model, derive, profile, schema};

impl Model<'_> {
    pub(super) fn check(&self, checking: Checking) -> Result<(), ArtefactError> {
        self.check_record()?;
        self.check_classes()?;
        schema::check(self)?;
        derive::check(self)?;
        self.interface().check(self)?;
        self.scorer.check(self, checking)?;
        profile::check(self)?;
        self.check_self_check()
    }

    fn check_record(&self) -> Result<(), ArtefactError> {
        let rule = |holds: bool, rule| if holds { Ok(()) } else { Err(content(Section::Model, 0, rule)) };
        rule((0..5).all(|text| self.texts.contains(self.record, text * 8)), "text out of bounds")?;
        rule(is_name(self.name()) && is_name(self.app()), "name or app is not a name")?;
        rule(is_name(self.version()) && is_name(self.model_type()), "version or type is not a name")?;
        let is_left_out = self.threshold.is_nan() && self.algorithm == Algorithm::Imported;
        rule(
            is_left_out || self.threshold > 0.0 && self.threshold < 1.0,
            "threshold is not between 0 and 1",
        )?;
        rule(self.positive_class < self.classes.len(), "positive class does not exist")
    }

    fn check_classes(&self) -> Result<(), ArtefactError> {
        if self.classes.len() < 2 || self.classes.len() > limits::CLASSES {
            return Err(content(Section::Classes, 0, "number of classes is not 2 to 16"));
        }
        for (record, number) in self.classes.iter().zip(0..) {
            let rule = |rule| Err(content(Section::Classes, number, rule));
            if !self.texts.contains(record, 0) || !is_name(self.texts.at(record, 0)) {
                return rule("name is not a name");
            }
            if !(0.0..=1.0).contains(&f64_at(record, 8)) {
                return rule("share is not between 0 and 1");
            }
            if self.classes().take(number as usize).any(|class| class.name == self.texts.at(record, 0)) {
                return rule("name is used twice");
            }
        }
        Ok(())
    }

    fn check_self_check(&self) -> Result<(), ArtefactError> {
        let width = self.feature_count() + 1;
        let fits = self.self_check.len().is_multiple_of(width);
        let mut scores = self.self_check.iter().skip(width - 1).step_by(width).map(|score| f64_at(score, 0));
        if fits && scores.all(|score| (0.0..=1.0).contains(&score)) {
            Ok(())
        } else {
            Err(content(Section::SelfCheck, 0, "not rows of one value a feature and a score"))
        }
    }
}
