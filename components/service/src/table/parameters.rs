//! Parameters of an answer: in the query, or in an object in the body.

use portent_openapi::contract::{ENCODING, EXPLAIN, PROBABILITIES};

use crate::call::Call;
use crate::fields;
use crate::refusal::Refusal;
use crate::violation::{InputRule, Place, Violations};

/// Names of parameters that are known; others are passed over.
const NAMES: [&str; 3] = [PROBABILITIES, EXPLAIN, ENCODING];

/// The contents of the answer.
#[derive(Debug)]
pub(crate) struct AnswerParameters<'a> {
    /// The probabilities of all classes in place of the predicted class.
    pub(crate) probabilities: bool,
    pub(crate) explain: bool,
    /// Text, as JSON, that names the coding of all rows.
    pub(crate) encoding: Option<&'a str>,
    /// Name of the object of parameters.
    pub(crate) parameters: &'a str,
}

impl<'a> AnswerParameters<'a> {
    /// Reads the query, and the text of the object that the body holds under the name `parameters`, if it does.
    pub(crate) fn read(
        call: &Call<'a>,
        parameters: &'a str,
        text: Option<&'a str>,
    ) -> Result<Self, Refusal<'a>> {
        let (probabilities, explain) = (call.flag(PROBABILITIES)?, call.explain()?);
        let mut asked = Self { probabilities, explain, encoding: None, parameters };
        match text {
            None | Some("null") => {}
            Some(text) => asked.read_object(text)?,
        }
        Ok(asked)
    }

    fn read_object(&mut self, text: &'a str) -> Result<(), Refusal<'a>> {
        let place = Place::list(self.parameters);
        let [probabilities, explain, encoding] = fields::object_members(text, &NAMES, place)?;
        let flags = [(probabilities, &mut self.probabilities), (explain, &mut self.explain)];
        for (name, (text, flag)) in NAMES.into_iter().zip(flags) {
            match text {
                None => {}
                Some("true") => *flag = true,
                Some("false") => *flag = false,
                Some(_) => return Err(Violations::one(InputRule::Boolean, place.field(name), None).into()),
            }
        }
        self.encoding = encoding;
        Ok(())
    }
}
