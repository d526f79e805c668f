//! What a request asks of its answer, beside the rows: in the query, or in an object of parameters.

use crate::call::Call;
use crate::fields::Fields;
use crate::refusal::Refusal;
use crate::violation::{Place, Rule, Violations};

/// Names of parameters that are known; others are passed over.
const NAMES: [&str; 3] = ["probabilities", "explain", "encoding"];

/// What the answer should hold.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    /// The probabilities of all classes in place of the predicted class.
    pub(crate) probabilities: bool,
    pub(crate) explain: bool,
    /// Text, as JSON, that names the coding of all rows.
    pub(crate) encoding: Option<&'a str>,
    /// Name of the object of parameters.
    pub(crate) parameters: &'a str,
}

impl<'a> Asked<'a> {
    /// Reads the query, and the text of the object that the body holds under the name `parameters`, if it does.
    pub(crate) fn read(
        call: &Call<'a>,
        parameters: &'a str,
        text: Option<&'a str>,
    ) -> Result<Self, Refusal<'a>> {
        let (probabilities, explain) = (call.flag("probabilities")?, call.explain()?);
        let mut asked = Self { probabilities, explain, encoding: None, parameters };
        match text {
            None | Some("null") => {}
            Some(text) => asked.read_object(text)?,
        }
        Ok(asked)
    }

    fn read_object(&mut self, text: &'a str) -> Result<(), Refusal<'a>> {
        let fields = Fields::of_text(text, &NAMES)?;
        let place = Place { list: Some(self.parameters), ..Place::default() };
        let Some((element, &[probabilities, explain, encoding])) = fields.iter().next() else {
            return Ok(());
        };
        if !element.is_object {
            return Err(Violations::one(Rule::NotAnObject, place, None).into());
        }
        if let Some(name) = element.repeated.and_then(|index| NAMES.get(index)) {
            return Err(Violations::one(Rule::repeated(), place.field(name), None).into());
        }
        let flags = [(probabilities, &mut self.probabilities), (explain, &mut self.explain)];
        for (name, (text, flag)) in NAMES.into_iter().zip(flags) {
            match text {
                None => {}
                Some("true") => *flag = true,
                Some("false") => *flag = false,
                Some(_) => return Err(Violations::one(Rule::Boolean, place.field(name), None).into()),
            }
        }
        self.encoding = encoding;
        Ok(())
    }
}
