//! Variables: of the application, given from outside, and of a component, made from those by templates.

use std::collections::BTreeMap;

use super::manifest::Manifest;

/// Environment variables that give application variables begin so, in upper case, as under Spin.
const ENVIRONMENT_PREFIX: &str = "SPIN_VARIABLE_";

/// The application's variables with their values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Variables(BTreeMap<String, String>);

/// Why variables have no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VariableError {
    /// No value was given and the manifest has no default.
    #[error("variable {0} is required: give it with --variable {0}=VALUE or in SPIN_VARIABLE_{upper}", upper = .0.to_uppercase())]
    Missing(String),
    /// A value was given for what the manifest does not declare.
    #[error("--variable {0}: the manifest declares no such variable")]
    Undeclared(String),
    /// A template that names an undeclared variable, or is not closed.
    #[error("{key}: {problem}")]
    Template {
        /// Path of the template in the manifest.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl Variables {
    /// Values in Spin's order of precedence: given on the command line, environment, default.
    pub(crate) fn resolve(
        manifest: &Manifest,
        given: &[(String, String)],
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, VariableError> {
        if let Some((name, _)) = given.iter().find(|(name, _)| !manifest.variables.contains_key(name)) {
            return Err(VariableError::Undeclared(name.clone()));
        }
        let value_of = |name: &str| {
            let given = given.iter().rev().find(|(given, _)| given == name).map(|(_, value)| value.clone());
            given
                .or_else(|| environment(&format!("{ENVIRONMENT_PREFIX}{}", name.to_uppercase())))
                .or_else(|| manifest.variables.get(name)?.default.clone())
                .ok_or_else(|| VariableError::Missing(name.to_owned()))
        };
        let names = manifest.variables.keys();
        Ok(Self(names.map(|name| Ok((name.clone(), value_of(name)?))).collect::<Result<_, _>>()?))
    }

    /// Replaces every `{{ name }}`; `key` is the template's place in the manifest, for the error.
    pub(crate) fn expand(&self, key: &str, template: &str) -> Result<String, VariableError> {
        let problem = |problem: String| VariableError::Template { key: key.to_owned(), problem };
        let mut text = String::new();
        let mut rest = template;
        while let Some((before, opened)) = rest.split_once("{{") {
            let (name, after) =
                opened.split_once("}}").ok_or_else(|| problem("'{{' without '}}'".to_owned()))?;
            let name = name.trim();
            let value = self.0.get(name);
            text.push_str(before);
            text.push_str(value.ok_or_else(|| problem(format!("there is no variable {name}")))?);
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
        Manifest::parse(text, Path::new("/")).unwrap()
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
        assert_eq!(error, VariableError::Missing("token".to_owned()));
        assert!(error.to_string().contains("SPIN_VARIABLE_TOKEN"), "{error}");
    }

    #[test]
    fn an_undeclared_value_is_refused() {
        let error = Variables::resolve(&manifest(), &given(&[("evnts", "x")]), |_| None).unwrap_err();
        assert_eq!(error, VariableError::Undeclared("evnts".to_owned()));
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
