//! Rows as nearly all clients send them: an object of all features in model order, each a short decimal. Their
//! values are read at once, without a look at their texts in between.

use portent_model::FeatureKind;

use crate::coding::Coding;
use crate::fields::CHUNK;
use crate::json::{JsonError, Reader};
use crate::limits;
use crate::rows::{RowReader, Rows};
use crate::values::{self, Coercion};

/// Rows of a list that have been read so, and not judged yet.
#[derive(Debug, Default)]
pub(crate) struct PlainRows<'a> {
    values: Vec<f64>,
    /// One a row.
    texts: Vec<&'a str>,
    width: usize,
}

impl<'a> PlainRows<'a> {
    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    /// The values of each row, and its text.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[f64], &'a str)> {
        self.values.chunks_exact(self.width.max(1)).zip(self.texts.iter().copied())
    }

    /// Forgets all rows and reads the next ones of a list that has been entered, as far as they are such rows and as
    /// many as are looked at together. Whether there may be more.
    pub(crate) fn read_chunk(
        &mut self,
        reader: &mut Reader<'a>,
        row_reader: &RowReader<'_>,
    ) -> Result<bool, JsonError> {
        self.values.clear();
        self.texts.clear();
        self.width = row_reader.features.len();
        while self.len() < CHUNK {
            let before = reader.clone();
            if !reader.next_element()? {
                return Ok(false);
            }
            let begin = reader.mark();
            if !row_reader.take(reader, &mut self.values) {
                *reader = before;
                return Ok(true);
            }
            self.texts.push(reader.since(begin));
        }
        Ok(true)
    }
}

impl<'m> RowReader<'m> {
    /// Adds the row that a text is to `rows`, if it is such a row and keeps every rule.
    pub(crate) fn read_plain(&self, text: &str, rows: &mut Rows) -> bool {
        let (mut reader, mut values) = (Reader::new(text), Vec::with_capacity(self.features.len()));
        self.take(&mut reader, &mut values) && reader.end().is_ok() && self.add_plain(&values, None, rows)
    }

    /// Adds a row that was read so to `rows`, if it keeps every rule and needs no translation. `stated` is a coding
    /// that holds for all rows.
    pub(crate) fn add_plain(&self, values: &[f64], stated: Option<Coding>, rows: &mut Rows) -> bool {
        let is_own = match stated {
            None => !self.codings.are_doubtful(&self.features, values),
            Some(coding) => coding == Coding::Own,
        };
        let keeps_rules = |(feature, value): (&portent_model::Feature<'m>, &f64)| {
            let is_number = feature.kind() == FeatureKind::Number
                || (value.fract() == 0.0 && value.abs() <= limits::WHOLE_NUMBER);
            is_number && values::check_bounds(feature, *value).is_none()
        };
        let is_added = is_own && self.features.iter().zip(values).all(keeps_rules);
        if is_added {
            rows.values.extend_from_slice(values);
            rows.codings.push(Coding::Own);
        }
        is_added
    }

    /// Passes over such a row and adds its values; leaves everything as it was where there is another.
    fn take(&self, reader: &mut Reader<'_>, values: &mut Vec<f64>) -> bool {
        let names = self.names().get(..self.features.len()).unwrap_or_default();
        let before = values.len();
        let is_taken =
            matches!(self.coercion, Coercion::Lax | Coercion::Uniform) && reader.take_decimals(names, values);
        if !is_taken {
            values.truncate(before);
        }
        is_taken
    }
}
