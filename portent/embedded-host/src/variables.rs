//! Variables: of the application, given from outside, and of a component, made from those by templates.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::manifest::Manifest;
use crate::options::HostError;

/// Prefix of the environment variables that set application variables, in upper case, as under Spin.
const ENVIRONMENT_PREFIX: &str = "SPIN_VARIABLE_";

/// A component's variables with their values.
pub(crate) type ComponentVariables = Arc<BTreeMap<String, String>>;

/// The application's variables with their values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Values in Spin's order of precedence: command line, environment, default.
    pub(crate) fn resolve(
        manifest: &Manifest,
        given: &[(String, String)],
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, HostError> {
        if let Some((name, _)) = given.iter().find(|(name, _)| !manifest.variables.contains_key(name)) {
            let rule = "the manifest declares no such variable";
            return Err(HostError::invalid(format!("--variable {name}"), rule));
        }
        let value_of = |name: &String| {
            let upper = format!("{ENVIRONMENT_PREFIX}{}", name.to_uppercase());
            let given = given.iter().rev().find(|(given, _)| given == name).map(|(_, value)| value.clone());
            let value =
                given.or_else(|| environment(&upper)).or_else(|| manifest.variables[name].default.clone());
            let missing = || {
                let text = format!(
                    "variable {name} is required: give it with --variable {name}=VALUE or in {upper}"
                );
                HostError::Application(text)
            };
            Ok((name.clone(), value.ok_or_else(missing)?))
        };
        Ok(Self(manifest.variables.keys().map(value_of).collect::<Result<_, _>>()?))
    }

    /// Replaces every `{{ name }}`. `key` is the template's place in the manifest, for the error.
    pub(crate) fn expand(&self, key: &str, template: &str) -> Result<String, HostError> {
        let mut text = String::new();
        let mut rest = template;
        while let Some((before, opened)) = rest.split_once("{{") {
            let closed = opened.split_once("}}");
            let (name, after) = closed.ok_or_else(|| HostError::invalid(key, "'{{' without '}}'"))?;
            let name = name.trim();
            let value = self.0.get(name);
            text.push_str(before);
            text.push_str(
                value.ok_or_else(|| HostError::invalid(key, format!("there is no variable {name}")))?,
            );
            rest = after;
        }
        text.push_str(rest);
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn manifest() -> Manifest {
        let text = r#"
            spin_manifest_version = 2
            application = { name = "a" }
            trigger.http = [{ route = "/...", component = "c" }]
            component.c.source = "c.wasm"
            [variables]
            events = { default = "stdout" }
            token = { required = true }
        "#;
        Manifest::parse(text, Path::new("/spin.toml")).unwrap()
    }

    fn given(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// The command line beats the environment, the environment the default.
    #[test]
    fn precedence_is_spins() {
        let environment = |name: &str| match name {
            "SPIN_VARIABLE_EVENTS" => Some("http".to_owned()),
            "SPIN_VARIABLE_TOKEN" => Some("from-env".to_owned()),
            _ => None,
        };
        let events = |given: &[(String, String)]| {
            let variables = Variables::resolve(&manifest(), given, environment).unwrap();
            variables.expand("k", "{{ events }}/{{token}}").unwrap()
        };
        assert_eq!(events(&[]), "http/from-env");
        assert_eq!(events(&given(&[("events", "off")])), "off/from-env");
        assert_eq!(events(&given(&[("events", "off"), ("events", "last")])), "last/from-env");
    }

    #[test]
    fn a_missing_value_is_named() {
        let error = Variables::resolve(&manifest(), &[], |_| None).unwrap_err();
        let expect =
            "variable token is required: give it with --variable token=VALUE or in SPIN_VARIABLE_TOKEN";
        assert_eq!(error.to_string(), expect);
    }

    #[test]
    fn an_undeclared_value_is_refused() {
        let error = Variables::resolve(&manifest(), &given(&[("evnts", "x")]), |_| None).unwrap_err();
        assert_eq!(error.to_string(), "--variable evnts: the manifest declares no such variable");
    }

    #[test]
    fn a_broken_template_is_refused() {
        let variables = Variables::resolve(&manifest(), &given(&[("token", "t")]), |_| None).unwrap();
        assert_eq!(variables.expand("k", "plain { } text").unwrap(), "plain { } text");
        assert!(variables.expand("k", "{{ nothing }}").unwrap_err().to_string().contains("nothing"));
        assert!(
            variables.expand("component.c.variables.x", "{{ token").unwrap_err().to_string().contains("}}")
        );
    }
}
