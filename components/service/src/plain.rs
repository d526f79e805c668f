//! Rows as nearly all clients send them: an object of all features in model order, each a short decimal. Their
//! values are read at once, without a look at their texts in between.

use portent_model::{Feature, FeatureKind};

use crate::coding::Coding;
use crate::fields::CHUNK;
use crate::json::{Gaps, JsonError, Reader};
use crate::limits;
use crate::rows::{RowReader, Rows};
use crate::values::Coercion;

/// Rows of a list that have been read so, and not judged yet.
#[derive(Debug)]
pub(crate) struct PlainRows<'b, 'm, 'a> {
    reader: &'b RowReader<'m>,
    rules: Vec<Rules>,
    values: Vec<f64>,
    /// One a row.
    texts: Vec<&'a str>,
    /// Around the values of the last row that was not like the one before it.
    gaps: Gaps<'a>,
}

/// What a value of a feature keeps, read once for many rows.
#[derive(Clone, Copy, Debug)]
struct Rules {
    lower: f64,
    upper: f64,
    is_whole: bool,
}

impl<'b, 'm, 'a> PlainRows<'b, 'm, 'a> {
    pub(crate) fn new(reader: &'b RowReader<'m>) -> Self {
        let rules = reader.features.iter().map(Rules::of).collect();
        Self { reader, rules, values: Vec::new(), texts: Vec::new(), gaps: Gaps::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    /// The values of each row, and its text.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[f64], &'a str)> {
        self.values.chunks_exact(self.rules.len().max(1)).zip(self.texts.iter().copied())
    }

    /// Adds a row to `rows`, if it keeps every rule and needs no translation. `stated` is a coding that holds for all
    /// rows.
    pub(crate) fn add(&self, values: &[f64], stated: Option<Coding>, rows: &mut Rows) -> bool {
        add(self.rules.iter().copied(), values, stated, rows)
    }

    /// Forgets all rows and reads the next ones of a list that has been entered, as far as they are such rows and as
    /// many as are looked at together. Whether there may be more.
    pub(crate) fn read_chunk(&mut self, reader: &mut Reader<'a>) -> Result<bool, JsonError> {
        self.values.clear();
        self.texts.clear();
        while self.len() < CHUNK {
            let before = reader.clone();
            if !reader.next_element()? {
                return Ok(false);
            }
            let begin = reader.mark();
            if !self.take(reader) {
                *reader = before;
                return Ok(true);
            }
            self.texts.push(reader.since(begin));
        }
        Ok(true)
    }

    /// Passes over a row and adds its values, first as if it were written as the one before it; leaves everything as it
    /// was where there is another value.
    fn take(&mut self, reader: &mut Reader<'a>) -> bool {
        let before = self.values.len();
        if reader.take_decimals_between(&self.gaps, &mut self.values) {
            return true;
        }
        self.values.truncate(before);
        self.gaps.clear();
        let is_taken = self.reader.take(reader, &mut self.values, Some(&mut self.gaps));
        if !is_taken {
            self.values.truncate(before);
            self.gaps.clear();
        }
        is_taken
    }
}

impl<'m> RowReader<'m> {
    /// Adds the row that a text is to `rows`, if it is such a row and keeps every rule.
    pub(crate) fn read_plain(&self, text: &str, rows: &mut Rows) -> bool {
        let (mut reader, mut values) = (Reader::new(text), Vec::with_capacity(self.features.len()));
        self.take(&mut reader, &mut values, None)
            && reader.end().is_ok()
            && add(self.features.iter().map(Rules::of), &values, None, rows)
    }

    fn take<'a>(&self, reader: &mut Reader<'a>, values: &mut Vec<f64>, gaps: Option<&mut Gaps<'a>>) -> bool {
        let names = self.names().get(..self.features.len()).unwrap_or_default();
        matches!(self.coercion, Coercion::Lax | Coercion::Uniform)
            && reader.take_decimals(names, values, gaps)
    }
}

impl Rules {
    fn of(feature: &Feature<'_>) -> Self {
        let is_whole = feature.kind() != FeatureKind::Number;
        Self { lower: feature.lower(), upper: feature.upper(), is_whole }
    }

    /// Whether a finite value keeps them. For a category that is also a code of the model's own coding, or at least one
    /// of no other.
    fn are_kept(self, value: f64) -> bool {
        let is_whole = value.trunc() == value && value.abs() <= limits::WHOLE_NUMBER;
        self.lower <= value && value <= self.upper && (is_whole || !self.is_whole)
    }
}

/// Adds a row of finite values to `rows`, if it keeps its rules and is stated to be in no other coding.
fn add(rules: impl Iterator<Item = Rules>, values: &[f64], stated: Option<Coding>, rows: &mut Rows) -> bool {
    let is_own = stated.is_none_or(|coding| coding == Coding::Own);
    let is_added = is_own && rules.zip(values).all(|(rules, value)| rules.are_kept(*value));
    if is_added {
        rows.values.extend_from_slice(values);
        rows.codings.push(Coding::Own);
    }
    is_added
}
