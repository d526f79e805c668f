//! Rows of the protocols that are not bound to an application: objects with named fields, lists of values, columns or
//! lines, read by the rules of the model.

mod parameters;
mod source;

use portent_event::Stage;
use portent_openapi::contract::ENCODING;

use crate::call::Call;
use crate::coding::Coding;
use crate::fields::{CHUNK, Element, Fields};
use crate::json::push_string;
use crate::limits;
use crate::observe::observe;
use crate::outcome::Outcome;
use crate::refusal::Refusal;
use crate::rows::{RowReader, Rows};
use crate::scoring::Scored;
use crate::stop_watch::StopWatch;
use crate::values::{self, Coercion};
use crate::violation::{InputRule, Place, Violations};

pub(crate) use parameters::AnswerParameters;
pub(crate) use source::{ColumnRows, Columns, ListedRows, RowSource};

/// Reads rows, all of one form.
pub(crate) struct Table<'a> {
    pub(crate) reader: RowReader<'a>,
    rows: Rows,
    pub(crate) violations: Violations<'a>,
    /// The form of the first row, or the one that the protocol demands.
    form: Option<RowForm>,
    is_demanded: bool,
    stated: Option<Coding>,
}

/// Form of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowForm {
    /// An object with named fields.
    Object,
    /// A list with a value for each column.
    List,
}

impl<'a> Table<'a> {
    /// Takes objects or lists, but only one of both in a request. Lists may always write whole numbers as `63.0`.
    pub(crate) fn of_either(call: &Call<'a>, coercion: Coercion) -> Self {
        let reader = RowReader::new(call.model, coercion);
        let (rows, violations) = (Rows::default(), Violations::default());
        Self { reader, rows, violations, form: None, is_demanded: false, stated: None }
    }

    /// Takes rows of one form.
    pub(crate) fn of(call: &Call<'a>, form: RowForm, coercion: Coercion) -> Self {
        Self { form: Some(form), is_demanded: true, ..Self::of_either(call, coercion) }
    }

    /// States the coding of all rows, if the request does and the model offers a choice.
    pub(crate) fn state_coding(&mut self, asked: &AnswerParameters<'a>) {
        let Some(text) = asked.encoding.filter(|_| self.reader.codings.are_offered()) else { return };
        match self.reader.codings.by_name(&values::string(text).unwrap_or_default()) {
            Ok(coding) => self.stated = Some(coding),
            Err(rule) => {
                self.violations.add(rule, Place::list(asked.parameters).field(ENCODING), None);
            }
        }
    }

    /// Reads all rows. A request without any is refused, as in the servers of these protocols.
    pub(crate) fn read(
        &mut self,
        source: &mut impl RowSource<'a>,
        watch: &mut StopWatch<'_>,
    ) -> Result<(), Refusal<'a>> {
        let (mut fields, mut row, mut more) = (Fields::default(), 0, true);
        while more {
            fields.clear(self.reader.names().len());
            while fields.len() < CHUNK && more {
                more = source.next(&mut fields, self.reader.names())?;
            }
            watch.lap(Stage::Parse);
            if row + fields.len() > limits::BATCH_ROWS {
                return Err(Refusal::too_large(format!("A request has at most {} rows", limits::BATCH_ROWS)));
            }
            for (element, inputs) in fields.iter() {
                self.read_row(element, inputs, source.width(), source.place(row));
                row += 1;
            }
            watch.lap(Stage::Validate);
        }
        if row == 0 {
            let rule = InputRule::own("too_short", "There should be at least one row");
            self.violations.add(rule, source.place_of_all(), None);
        }
        Ok(())
    }

    fn read_row(&mut self, element: Element<'a>, inputs: &[Option<&'a str>], width: usize, place: Place<'a>) {
        let form = match (element.is_object, element.length) {
            (true, _) => Some(RowForm::Object),
            (false, Some(_)) => Some(RowForm::List),
            (false, None) => None,
        };
        let Some(form) = form.filter(|form| *self.form.get_or_insert(*form) == *form) else {
            return self.violations.add(self.wrong_form(form), place, None);
        };
        if let Some(length) = element.length.filter(|length| *length != width) {
            let rule = format!("Input should have {width} values, not {length}");
            return self.violations.add(InputRule::own("row_length", rule), place, None);
        }
        if form == RowForm::List && self.reader.coercion == Coercion::Strict {
            self.reader.coercion = Coercion::Uniform;
        }
        self.reader.read_fields((element, inputs), self.stated, place, &mut self.violations, &mut self.rows);
    }

    fn wrong_form(&self, form: Option<RowForm>) -> InputRule {
        match (self.form, form) {
            (Some(RowForm::Object), _) if self.is_demanded => InputRule::NotAnObject,
            (Some(RowForm::List), _) if self.is_demanded => InputRule::NotAList,
            (Some(_), Some(_)) => {
                InputRule::own("mixed_forms", "A request holds rows as objects or rows as lists, not both")
            }
            _ => {
                InputRule::own("row_type", "Input should be an object with named fields or a list of values")
            }
        }
    }

    /// Scores the rows, if all of them are valid, and answers.
    pub(crate) fn answer(
        self,
        call: &Call<'a>,
        asked: &AnswerParameters<'_>,
        source: &impl RowSource<'a>,
        watch: &mut StopWatch<'_>,
    ) -> Result<Outcome, Refusal<'a>> {
        if !self.violations.is_empty() {
            return Err(self.violations.into());
        }
        let scored = call.score(&self.rows, asked.explain, |row| source.place(row))?;
        watch.lap(Stage::Score);
        let predictions = observe(call.model, &self.rows, &scored);
        let body = self.body(call, asked, &scored);
        watch.lap(Stage::Encode);
        Ok(Outcome::predicted(body, predictions))
    }

    /// `{"predictions": [class or probabilities, …]}`. Lists beside it hold the codings of the rows, if one is not the
    /// model's own, and the explanations, if they were asked for.
    fn body(&self, call: &Call<'_>, asked: &AnswerParameters<'_>, scored: &Scored) -> Vec<u8> {
        let count = scored.scores.len();
        let mut body = Vec::with_capacity(if asked.probabilities { 48 } else { 4 } * count + 32);
        push_list(&mut body, b"{\"predictions\":[", count, |body, row| {
            if asked.probabilities {
                scored.push_probabilities(body, call.model, row);
            } else {
                body.extend_from_slice(scored.prediction(call.model, row).class.to_string().as_bytes());
            }
        });
        if self.rows.codings.iter().any(|coding| *coding != Coding::Own) {
            push_list(&mut body, b",\"encodings\":[", count, |body, row| {
                let coding = self.rows.codings.get(row).copied().unwrap_or(Coding::Own);
                push_string(body, self.reader.codings.any_name(coding));
            });
        }
        if let Some(explanations) = &scored.explanations {
            push_list(&mut body, b",\"explanations\":[", count, |body, row| {
                explanations.push(body, call.model, &self.rows, row);
            });
        }
        body.push(b'}');
        body
    }
}

fn push_list(out: &mut Vec<u8>, before: &[u8], count: usize, mut push: impl FnMut(&mut Vec<u8>, usize)) {
    out.extend_from_slice(before);
    for row in 0..count {
        if row > 0 {
            out.push(b',');
        }
        push(out, row);
    }
    out.push(b']');
}
