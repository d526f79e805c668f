//! The fields of a batch: its list, and the coding of all its rows.

use crate::coding::Coding;
use crate::json::{Kind, Reader};
use crate::refusal::Refusal;
use crate::rows::RowReader;
use crate::violation::{Place, Rule, Violations};

/// Name of the field that states the coding of a batch.
pub(super) const ENCODING: &str = "encoding";

/// The fields of a batch.
pub(super) struct Envelope<'a> {
    pub(super) is_object: bool,
    /// Text of the list.
    pub(super) list: Option<&'a str>,
    encoding: Option<&'a str>,
    repeated: Option<&'a str>,
}

impl<'a> Envelope<'a> {
    pub(super) fn read(text: &'a str, list: &'a str) -> Result<Self, Refusal<'a>> {
        let mut reader = Reader::new(text);
        let mut envelope =
            Self { is_object: reader.kind()? == Kind::Object, list: None, encoding: None, repeated: None };
        if !envelope.is_object {
            reader.skip()?;
            reader.end()?;
            return Ok(envelope);
        }
        reader.begin_object()?;
        while let Some(key) = reader.next_key()? {
            let value = reader.skip()?;
            let (slot, name) = match key.as_ref() {
                key if key == list => (&mut envelope.list, list),
                ENCODING => (&mut envelope.encoding, ENCODING),
                _ => continue,
            };
            if slot.replace(value).is_some() {
                envelope.repeated = Some(name);
            }
        }
        reader.end()?;
        Ok(envelope)
    }

    /// The coding stated for all rows, where the model offers a choice.
    pub(super) fn coding(&self, reader: &RowReader<'_>, violations: &mut Violations<'a>) -> Option<Coding> {
        if let Some(name) = self.repeated {
            violations.add(Rule::repeated(), Place::default().field(name), None);
        }
        let text = self.encoding.filter(|_| reader.codings.are_offered())?;
        match reader.named_coding(text) {
            Ok(coding) => Some(coding),
            Err(rule) => {
                violations.add(rule, Place::default().field(ENCODING), Some(text));
                None
            }
        }
    }
}
