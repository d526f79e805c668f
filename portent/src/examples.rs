//! A command to try per application: a prediction for the example of the model's own API document.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;

use portent_model::Model;
use serde_json::Value;

/// A line per application, which are given with the paths that they are mounted under. Examples come from the artefacts
/// among `models`; without an artefact, as for a scorer, there is a page to try the application only.
pub(crate) fn try_lines(
    address: SocketAddr,
    applications: &BTreeMap<String, Arc<str>>,
    models: &[String],
) -> String {
    let files = models.iter().filter_map(|pattern| glob::glob(pattern).ok()).flatten().flatten();
    let artefacts: Vec<Vec<u8>> = files.filter_map(|path| fs::read(path).ok()).collect();
    let mut lines = String::new();
    for (base, app) in applications {
        let models = artefacts.iter().filter_map(|file| Model::open(file).ok());
        let example = models.filter(|model| *model.app() == **app).find_map(|model| example(&model));
        lines += &format!("try {app} at http://{address}{base}/docs\n");
        if let Some(body) = example {
            let command =
                format!("curl -s http://{address}{base}/predict -H 'content-type: application/json'");
            lines += &format!("  {command} -d '{body}'\n");
        }
    }
    lines
}

/// The shortest example of `POST /predict`.
fn example(model: &Model<'_>) -> Option<String> {
    let document = portent_openapi::document(model, "");
    let content = document.pointer("/paths/~1predict/post/requestBody/content/application~1json")?;
    let examples = content.get("examples")?.as_object()?.values();
    // A quote would end the argument of the shell.
    let bodies = examples.filter_map(|example| example.get("value")).map(Value::to_string);
    bodies.filter(|body| !body.contains('\'')).min_by_key(String::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_application_has_a_line_to_try() {
        let models = [concat!(env!("CARGO_MANIFEST_DIR"), "/../models/*.portent").to_owned()];
        let applications = [("", "heart-disease"), ("/hvs", "hvs"), ("/other", "scorer")];
        let applications = applications.map(|(base, app)| (base.to_owned(), Arc::from(app))).into();
        let lines = try_lines(([127, 0, 0, 1], 3000).into(), &applications, &models);
        let lines: Vec<_> = lines.lines().collect();
        let curl = |base: &str| {
            format!(
                "  curl -s http://127.0.0.1:3000{base}/predict -H 'content-type: application/json' -d '{{\""
            )
        };
        assert_eq!(lines.len(), 5, "{lines:?}");
        assert_eq!(lines[0], "try heart-disease at http://127.0.0.1:3000/docs");
        assert!(lines[1].starts_with(&(curl("") + "age\":")), "{}", lines[1]);
        assert!(lines[3].starts_with(&(curl("/hvs") + "readings\":")), "{}", lines[3]);
        assert_eq!(lines[4], "try scorer at http://127.0.0.1:3000/other/docs");
    }
}
