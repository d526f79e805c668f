//! Which components can be composed, and for what reason others are refused.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use portent_compose::{Capability, ComposeError, Dependency, DependencyName, compose, imports};

/// Imports a function of `a:b/c@0.1.0` and exports it again.
const COMPONENT: &str = r#"(component
    (type $c (instance (export "f" (func (result u32)))))
    (import "a:b/c@0.1.0" (instance $c (type $c)))
    (import "x:y/z" (instance))
    (export "d:e/f" (instance $c)))"#;

/// Exports a function that answers 7, under this name and with this result.
fn dependency(export: &str, result: &str, imports: &str) -> Vec<u8> {
    let text = format!(
        r#"(component
        {imports}
        (core module $m (func (export "f") (result i32) i32.const 7))
        (core instance $i (instantiate $m))
        (func $f (result {result}) (canon lift (core func $i "f")))
        (instance $c (export "f" (func $f)))
        (export "{export}" (instance $c)))"#
    );
    wat::parse_str(text).unwrap()
}

fn composed(name: &str, wasm: &[u8], export: Option<&str>) -> Result<Vec<u8>, ComposeError> {
    let name = DependencyName::parse(name).unwrap();
    let component = wat::parse_str(COMPONENT).unwrap();
    compose(&component, &[Dependency { name, wasm, export, inherits: &[] }])
}

#[test]
fn an_import_is_satisfied_and_the_others_stay() {
    let wasm = dependency("a:b/c@0.1.0", "u32", "");
    for name in ["a:b/c@0.1.0", "a:b/c", "a:b", "a:b@0.1.0"] {
        assert_eq!(imports(&composed(name, &wasm, None).unwrap()).unwrap(), ["x:y/z"], "{name}");
    }
    let renamed = dependency("o:p/q", "u32", "");
    assert_eq!(imports(&composed("a:b/c", &renamed, Some("o:p/q")).unwrap()).unwrap(), ["x:y/z"]);
    let component = wat::parse_str(COMPONENT).unwrap();
    assert_eq!(compose(&component, &[]).unwrap(), component, "without dependencies nothing changes");
}

#[test]
fn what_does_not_fit_is_refused_with_its_reason() {
    let good = dependency("a:b/c@0.1.0", "u32", "");
    let problem = |name: &str, wasm: &[u8], export| composed(name, wasm, export).unwrap_err().to_string();
    assert_eq!(
        problem("a:b/c@0.2.0", &good, None),
        "dependency \"a:b/c@0.2.0\" is for no import of the component, which imports a:b/c@0.1.0"
    );
    assert_eq!(problem("k:l/m", &good, None), "dependency \"k:l/m\" is for no import of the component");
    let newer = dependency("a:b/c@0.2.0", "u32", "");
    assert_eq!(
        problem("a:b/c", &newer, None),
        "dependency \"a:b/c\" does not export a:b/c@0.1.0, it exports a:b/c@0.2.0"
    );
    assert_eq!(
        problem("a:b/c", &good, Some("o:p/q")),
        "dependency \"a:b/c\" does not export o:p/q, it exports a:b/c@0.1.0"
    );
    let other = dependency("a:b/c@0.1.0", "s32", "");
    let text = problem("a:b/c", &other, None);
    assert!(
        text.starts_with("dependency \"a:b/c\" exports a:b/c@0.1.0 with other types than a:b/c@0.1.0 has: "),
        "{text}"
    );
    assert!(
        problem("a:b/c", b"\0asm\x01\0\0\0", None).starts_with("dependency \"a:b/c\" is not a component: ")
    );
    assert!(compose(b"no", &[]).is_ok(), "what has no dependencies is not looked at");
    let name = DependencyName::parse("a:b/c").unwrap();
    let error = compose(b"no", &[Dependency { name, wasm: &good, export: None, inherits: &[] }]).unwrap_err();
    assert!(error.to_string().starts_with("not a component: "), "{error}");
}

#[test]
fn an_import_has_one_dependency() {
    let (component, wasm) = (wat::parse_str(COMPONENT).unwrap(), dependency("a:b/c@0.1.0", "u32", ""));
    let dependency = |name| Dependency {
        name: DependencyName::parse(name).unwrap(),
        wasm: &wasm,
        export: None,
        inherits: &[],
    };
    let error = compose(&component, &[dependency("a:b/c"), dependency("a:b")]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "import a:b/c@0.1.0 is satisfied by two dependencies, the second is \"a:b\""
    );
}

/// A dependency that can see the environment where it inherits it; otherwise nothing of the host is left to see.
#[test]
fn a_dependency_reaches_what_it_inherits_and_nothing_else() {
    let world = |import: &str, ty: &str| format!("(import \"{import}\" (instance {ty}))");
    let environment = r#"(export "get-environment" (func (result (list (tuple string string)))))"#;
    let cases = [
        ("wasi:cli/environment@0.2.6", environment, Some(Capability::Environment)),
        (
            "wasi:config/store@0.2.0-draft",
            r#"(export "get" (func (param "key" string) (result (option string))))"#,
            Some(Capability::Variables),
        ),
        ("wasi:clocks/monotonic-clock@0.2.6", r#"(export "now" (func (result u64)))"#, None),
    ];
    for (import, ty, capability) in cases {
        let wasm = dependency("a:b/c@0.1.0", "u32", &world(import, ty));
        let names = |inherits: &[Capability]| {
            let component = wat::parse_str(COMPONENT).unwrap();
            let name = DependencyName::parse("a:b").unwrap();
            let whole =
                compose(&component, &[Dependency { name, wasm: &wasm, export: None, inherits }]).unwrap();
            imports(&whole).unwrap()
        };
        let is_open = |names: Vec<String>| names.contains(&import.to_owned());
        assert_eq!(is_open(names(&[])), capability.is_none(), "{import}");
        assert!(is_open(names(&Capability::ALL)), "{import}");
    }
}

/// The component lacks standard error, so the adapter imports it.
#[test]
fn standard_output_becomes_standard_error() {
    let imported = r#"
        (import "wasi:io/streams@0.2.6" (instance $streams (export "output-stream" (type (sub resource)))))
        (alias export $streams "output-stream" (type $stream))
        (import "wasi:cli/stdout@0.2.6" (instance
            (alias outer 1 $stream (type $outer))
            (export "output-stream" (type $inner (eq $outer)))
            (export "get-stdout" (func (result (own $inner))))))"#;
    let wasm = dependency("a:b/c@0.1.0", "u32", imported);
    let whole = composed("a:b/c", &wasm, None).unwrap();
    assert_eq!(imports(&whole).unwrap(), ["x:y/z", "wasi:io/streams@0.2.6", "wasi:cli/stderr@0.2.6"]);
}

#[test]
fn what_nobody_gives_a_dependency_is_refused() {
    for import in ["fermyon:spin/sqlite@2.0.0", "wasi:cli/environment@0.3.0", "own:host/thing"] {
        let wasm = dependency("a:b/c@0.1.0", "u32", &format!("(import \"{import}\" (instance))"));
        let error = composed("a:b/c", &wasm, None).unwrap_err().to_string();
        assert_eq!(error, format!("dependency \"a:b/c\" imports {import}, which a dependency is not given"));
    }
}

#[test]
fn a_name_is_for_the_imports_that_it_leaves_open() {
    let cases = [
        ("a:b/c@0.1.0", "a:b/c@0.1.0", true),
        ("a:b/c@0.1.0", "a:b/c@0.1.1", false),
        ("a:b/c@0.1.0", "a:b/c", false),
        ("a:b/c", "a:b/c@0.1.0", true),
        ("a:b/c", "a:b/d", false),
        ("a:b", "a:b/c@0.1.0", true),
        ("a:b@0.1.0", "a:b/c@0.1.0", true),
        ("a:b@0.1.0", "a:b/c", false),
        ("a:b", "a:bc/c", false),
        ("a-b", "a-b", true),
        ("a-b", "a:b/c", false),
    ];
    for (name, import, expect) in cases {
        assert_eq!(DependencyName::parse(name).unwrap().is_for(import), expect, "{name} {import}");
    }
}

#[test]
fn a_malformed_name_is_refused() {
    for text in ["", "a:b/", "a:b@", "a b", "a:b/c/d", "a/b", "a@1", ":b", "a:", "a:b/c@1@2"] {
        assert_eq!(DependencyName::parse(text), None, "{text:?}");
    }
}
