use super::*;

const SMALL: &str = r#"
spin_manifest_version = 2
[application]
name = "heart"
version = "1.2.3"
authors = ["A <a@example.com>"]
[variables]
events = { default = "stdout" }
token = { required = true, secret = true }
[[trigger.http]]
route = "/..."
component = "heart"
[[trigger.http]]
route = { private = true }
component = "inner"
[component.heart]
source = "heart.wasm"
allowed_outbound_hosts = ["http://127.0.0.1:9465"]
files = [{ source = "models", destination = "/models" }, "assets/*.json"]
environment = { MODE = "fast" }
[component.heart.variables]
events = "{{ events }}"
[component.heart.build]
command = "cargo build"
watch = ["src/**/*.rs"]
[component.inner]
source = "inner.wasm"
"#;

fn parse(text: &str) -> Result<Manifest, String> {
    Manifest::parse(text, Path::new("/app/spin.toml")).map_err(|error| error.to_string())
}

/// What the manifest says arrives, with paths made absolute.
#[test]
fn a_manifest_is_read() {
    let manifest = parse(SMALL).unwrap();
    assert_eq!(
        (manifest.application.name.as_str(), manifest.application.version.as_str()),
        ("heart", "1.2.3")
    );
    assert_eq!(manifest.variables["events"].default.as_deref(), Some("stdout"));
    assert_eq!(manifest.variables["token"].default, None);
    let triggers = &manifest.trigger.http;
    assert!(matches!(&triggers[0].route, TriggerRoute::Path(path) if path == "/..."));
    assert!(matches!(triggers[1].route, TriggerRoute::Private { private: true }));
    let heart = &manifest.components["heart"];
    assert_eq!(heart.file, Path::new("/app/heart.wasm"));
    assert_eq!(heart.variables["events"], "{{ events }}");
    assert_eq!(heart.files.len(), 2);
}

/// A dependency may use nothing, a list, or everything. The setting is for one or for all of them, but not both.
#[test]
fn dependencies_are_read() {
    use portent_compose::Capability::{self, Environment, Files};
    let inherits = |of_all: &str, of_one: &str| {
        let text = format!(
            "{SMALL}{of_all}\n[component.inner.dependencies]\n\"a:b/c@1.0.0\" = {{ path = \"b.wasm\", export = \"d:e/f\"{of_one} }}"
        );
        parse(&text).map(|manifest| manifest.components["inner"].dependencies.clone())
    };
    let one = |inherits: &[Capability]| {
        let (name, export) = ("a:b/c@1.0.0".to_owned(), Some("d:e/f".to_owned()));
        Ok(vec![DependencySpec { name, path: "/app/b.wasm".into(), export, inherits: inherits.to_vec() }])
    };
    assert_eq!(inherits("", ""), one(&[]));
    assert_eq!(inherits("", ", inherit_configuration = false"), one(&[]));
    assert_eq!(inherits("", ", inherit_configuration = true"), one(&Capability::ALL));
    let listed = ", inherit_configuration = [\"files\", \"environment\"]";
    assert_eq!(inherits("", listed), one(&[Files, Environment]));
    assert_eq!(inherits("dependencies_inherit_configuration = true", ""), one(&Capability::ALL));
    assert_eq!(inherits("dependencies_inherit_configuration = false", ""), one(&[]));
    let both = inherits("dependencies_inherit_configuration = true", listed).unwrap_err();
    assert!(both.contains("exclude each other"), "{both}");
    let text = format!("{SMALL}[component.inner.dependencies]\n\"a b\" = {{ path = \"b.wasm\" }}");
    assert!(parse(&text).unwrap_err().contains("a name is package:name"));
}

/// A key that the host would have to ignore is refused by its path.
#[test]
fn unsupported_keys_are_named() {
    #[track_caller]
    fn check(added: &str, expect: &str) {
        let error = parse(&format!("{SMALL}{added}")).unwrap_err();
        assert!(error.starts_with(expect), "{error}");
    }
    check("key_value_stores = [\"default\"]", "component.inner.key_value_stores is not supported by");
    check("ai_models = []", "component.inner.ai_models is not supported");
    check("sqlite_databases = [\"default\"]", "component.inner.sqlite_databases is not supported");
    check("targets = []", "component.inner.targets is not supported");
    let dependency = |value: &str, expect: &str| {
        check(
            &format!("[component.inner.dependencies]\n\"a:b\" = {value}"),
            &format!("component.inner.dependencies.\"a:b\"{expect}"),
        );
    };
    dependency("\"1\"", " from a registry is not supported");
    dependency("{ version = \"1\", package = \"c:d\" }", ".package is not supported");
    dependency("{ url = \"http://h/a.wasm\", digest = \"\" }", ".digest is not supported");
    let inherits = "{ path = \"b.wasm\", inherit_configuration = [\"ai_models\"] }";
    dependency(inherits, ".inherit_configuration of \"ai_models\" is not supported");
    check("[component.inner.build]\nshell = \"sh\"", "component.inner.build.shell is not supported");
    check("[[trigger.redis]]\nchannel = \"c\"\ncomponent = \"inner\"", "trigger.redis is not supported");
    check(
        "[[trigger.http]]\nroute = \"/x\"\ncomponent = \"inner\"\nexecutor = { type = \"wagi\" }",
        "trigger.http[2].executor is not supported",
    );
    check("[outputs]\nx = 1", "outputs is not supported");
}

/// A source that is not a local file is refused by its path.
#[test]
fn remote_sources_are_named() {
    let text = SMALL.replace("\"inner.wasm\"", "{ url = \"https://x/y.wasm\", digest = \"sha256:0\" }");
    let error = parse(&text).unwrap_err();
    assert!(error.starts_with("component.inner.source."), "{error}");
}

/// Contradictions are found before anything runs.
#[test]
fn contradictions_are_named() {
    #[track_caller]
    fn check(from: &str, to: &str, expect: &str) {
        assert!(SMALL.contains(from));
        let error = parse(&SMALL.replace(from, to)).unwrap_err();
        assert!(error.contains(expect), "{error}");
    }
    check("spin_manifest_version = 2", "spin_manifest_version = 1", "only version 2");
    check("required = true, ", "", "needs a default or `required = true`");
    check("default = \"stdout\"", "default = \"a\", required = true", "not both");
    check("component = \"inner\"", "component = \"outer\"", "there is no [component.outer]");
    check("private = true", "private = false", "a route is a string or { private = true }");
    check("source = \"inner.wasm\"", "", "source");
    check("name = \"heart\"", "name = ", "line 4");
}
