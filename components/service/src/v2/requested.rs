//! The outputs that a request asks for.

use std::fmt::Arguments;

use crate::json::Reader;
use crate::refusal::Refusal;

use super::members::{bad, boolean, fields, list, optional, text, whole};
use super::output::Output;

/// An output that is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Requested {
    pub(super) output: Output,
    /// Whether it is to be binary, where the request says it of this output.
    pub(super) binary: Option<bool>,
    /// The most probable classes as texts, this many at most.
    pub(super) classes: Option<usize>,
}

impl Requested {
    pub(super) fn plain(output: Output) -> Self {
        Self { output, binary: None, classes: None }
    }
}

/// Reads the list of outputs.
pub(super) fn read(reader: &mut Reader<'_>) -> Result<Vec<Requested>, Refusal<'static>> {
    let mut outputs: Vec<Requested> = Vec::new();
    list(reader, format_args!("outputs"), |reader, index| {
        let requested = requested(reader, index)?;
        if outputs.iter().any(|other| other.output == requested.output) {
            return Err(bad(format_args!("outputs[{index}].name"), "is asked for twice"));
        }
        outputs.push(requested);
        Ok(())
    })?;
    Ok(outputs)
}

fn requested(reader: &mut Reader<'_>, index: usize) -> Result<Requested, Refusal<'static>> {
    let place = format_args!("outputs[{index}]");
    let (mut output, mut binary, mut classes) = (None, None, None);
    fields(reader, place, &["name", "parameters"], |field, reader| {
        if field == 0 {
            let name = text(reader, format_args!("{place}.name"))?;
            output = Some(Output::from_name(&name).ok_or_else(|| unknown_output(place, &name))?);
            return Ok(());
        }
        optional(reader, |reader| {
            let names = ["binary_data", "classification", "shared_memory_region"];
            fields(reader, format_args!("{place}.parameters"), &names, |field, reader| {
                match field {
                    0 => binary = Some(boolean(reader, format_args!("{place}.parameters.binary_data"))?),
                    1 => classes = Some(whole(reader, format_args!("{place}.parameters.classification"))?),
                    _ => return Err(bad(place, "shared_memory_region: shared memory is not offered")),
                }
                Ok(())
            })
        })?;
        Ok(())
    })?;
    let output = output.ok_or_else(|| bad(format_args!("{place}.name"), "is required"))?;
    let classes = classes.filter(|classes| *classes > 0);
    if classes.is_some() && output != Output::Probabilities {
        return Err(bad(format_args!("{place}.parameters.classification"), "is for predict_proba"));
    }
    Ok(Requested { output, binary, classes })
}

/// What is asked for is shown if it is a name.
fn unknown_output(place: Arguments<'_>, name: &str) -> Refusal<'static> {
    let shown = if portent_event::is_name(name) { format!(" '{name}'") } else { String::new() };
    bad(format_args!("{place}.name"), format!("there is no output{shown}; there are {}", Output::names()))
}
