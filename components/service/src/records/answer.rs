//! Answers of applications that take records.

use std::ops::Range;

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

/// What stands around the numbers in the answer for every row.
pub(super) struct Frame {
    text: Vec<u8>,
    /// Where the class is put in, and where the confidence.
    numbers: [usize; 2],
}

impl Answer<'_, '_> {
    /// The answer that `write` writes, with what was predicted; `write` is told whether there is anything to warn of.
    pub(super) fn written(
        &self,
        watch: &mut StopWatch<'_>,
        write: impl FnOnce(&mut Vec<u8>, &Frame, bool),
    ) -> Outcome {
        let predictions = self.scored.observed(self.call.model, self.rows);
        let mut body = Vec::with_capacity(96 * self.scored.scores.len() + 32);
        write(&mut body, &self.frame(), !predictions.out_of_range.is_empty());
        watch.lap(Stage::Encode);
        Outcome::predicted(body, predictions)
    }

    /// Appends the answer for one row.
    pub(super) fn push(&self, body: &mut Vec<u8>, frame: &Frame, row: usize, warn: bool) {
        let Self { call, reader, rows, scored } = self;
        let prediction = scored.prediction(call.model, row);
        let [to_class, to_confidence, to_end] = frame.parts();
        body.extend_from_slice(to_class);
        push_integer(body, prediction.class);
        body.extend_from_slice(to_confidence);
        push_float(body, prediction.confidence);
        body.extend_from_slice(to_end);
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

    fn frame(&self) -> Frame {
        let model = self.call.model;
        let interface = model.interface();
        let mut text = Vec::with_capacity(96);
        push_field(&mut text, b'{', interface.prediction);
        let class = text.len();
        push_field(&mut text, b',', interface.score);
        let confidence = text.len();
        push_field(&mut text, b',', "model_name");
        push_string(&mut text, model.name());
        Frame { text, numbers: [class, confidence] }
    }
}

impl Frame {
    fn parts(&self) -> [&[u8]; 3] {
        let [class, confidence] = self.numbers;
        let part = |range: Range<usize>| self.text.get(range).unwrap_or_default();
        [part(0..class), part(class..confidence), part(confidence..self.text.len())]
    }
}

fn push_field(out: &mut Vec<u8>, before: u8, name: &str) {
    out.push(before);
    push_string(out, name);
    out.push(b':');
}
