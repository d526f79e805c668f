//! Answers of applications that take records.

use crate::call::Call;
use crate::json::{push_float, push_integer, push_string};
use crate::outcome::{Outcome, Stage, StopWatch};
use crate::plausibility::push_warnings;
use crate::rows::{RowReader, Rows};
use crate::scoring::Scored;

/// What an answer is written from.
pub(super) struct Answer<'b, 'm> {
    pub(super) call: &'b Call<'m>,
    pub(super) reader: &'b RowReader<'m>,
    pub(super) rows: &'b Rows,
    pub(super) scored: Scored,
}

impl Answer<'_, '_> {
    /// The answer that `write` writes, with what was predicted; `write` is told whether there is anything to warn of.
    pub(super) fn written(
        &self,
        watch: &mut StopWatch<'_>,
        write: impl FnOnce(&mut Vec<u8>, bool),
    ) -> Outcome {
        let predictions = self.scored.observed(self.call.model, self.rows);
        let mut body = Vec::with_capacity(96 * self.scored.scores.len() + 32);
        write(&mut body, !predictions.out_of_range.is_empty());
        watch.lap(Stage::Encode);
        Outcome::predicted(body, predictions)
    }

    /// Appends the answer for one row.
    pub(super) fn push(&self, body: &mut Vec<u8>, row: usize, warn: bool) {
        let Self { call, reader, rows, scored } = self;
        let interface = call.model.interface();
        let prediction = scored.prediction(call.model, row);
        body.push(b'{');
        push_string(body, interface.prediction);
        body.push(b':');
        push_integer(body, prediction.class);
        body.push(b',');
        push_string(body, interface.score);
        body.push(b':');
        push_float(body, prediction.confidence);
        body.extend_from_slice(b",\"model_name\":");
        push_string(body, call.model.name());
        if let Some(name) = rows.codings.get(row).and_then(|coding| reader.codings.name(*coding)) {
            body.extend_from_slice(b",\"encoding\":");
            push_string(body, name);
        }
        if warn {
            push_warnings(body, call.model, rows, row);
        }
        scored.push_explanation(body, call.model, rows, row);
        body.push(b'}');
    }
}
