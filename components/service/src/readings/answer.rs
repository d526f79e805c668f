//! Answers of applications that take readings.

use crate::call::Call;
use crate::json::{push_float, push_integer, push_string};
use crate::plausibility::push_warnings;
use crate::scoring::Scored;

use super::Readings;

impl Readings<'_> {
    /// The answer, in the form of the service that this replaces; with warnings if there are any.
    pub(super) fn body(&self, call: &Call<'_>, scored: &Scored, warn: bool) -> Vec<u8> {
        let mut body = Vec::with_capacity(112 * scored.scores.len() + 64);
        body.extend_from_slice(b"{\"error\":null,\"model_version\":");
        push_string(&mut body, call.model.version());
        body.extend_from_slice(b",\"predictions\":[");
        for (row, (group, score)) in self.groups.iter().zip(&scored.scores).enumerate() {
            body.extend_from_slice(if row > 0 { b",{" } else { b"{" });
            if !self.interface.group.is_empty() {
                push_string(&mut body, self.interface.group);
                body.push(b':');
                match group {
                    Some(group) => push_string(&mut body, group),
                    None => body.extend_from_slice(b"null"),
                }
                body.push(b',');
            }
            push_string(&mut body, self.interface.prediction);
            body.push(b':');
            push_integer(&mut body, scored.prediction(call.model, row).class);
            body.push(b',');
            push_string(&mut body, self.interface.score);
            body.push(b':');
            push_float(&mut body, *score);
            if warn {
                push_warnings(&mut body, call.model, &self.rows, row);
            }
            scored.push_explanation(&mut body, call.model, &self.rows, row);
            body.push(b'}');
        }
        body.extend_from_slice(b"]}");
        body
    }
}
