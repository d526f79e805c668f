//! `wit/` against its last released form: components in the field were built for that, so what it says may only change
//! with the version.

use std::collections::BTreeMap;
use std::path::Path;

use portent_tests::external::workspace;
use wit_parser::{Handle, Resolve, Type, TypeDefKind};

/// What callers see of a package: each interface with the shapes of its types and functions, by name.
#[derive(Debug, PartialEq, Eq)]
struct Surface {
    version: String,
    interfaces: BTreeMap<String, BTreeMap<String, String>>,
}

impl Surface {
    fn read(path: &Path) -> Self {
        Self::parse(&std::fs::read_to_string(path).unwrap())
    }

    fn parse(text: &str) -> Self {
        let mut resolve = Resolve::default();
        let package = resolve.push_str("portent.wit", text).expect("valid WIT");
        let version = resolve.packages[package].name.version.as_ref().unwrap().to_string();
        let interface = |(name, id): (&String, &wit_parser::InterfaceId)| {
            let interface = &resolve.interfaces[*id];
            let types = interface
                .types
                .iter()
                .map(|(name, id)| (name.clone(), kind(&resolve, &resolve.types[*id].kind)));
            let functions = interface.functions.iter().map(|(name, function)| {
                let params: Vec<_> = function
                    .params
                    .iter()
                    .map(|param| format!("{}: {}", param.name, shape(&resolve, &param.ty)))
                    .collect();
                let result = function.result.as_ref().map(|ty| shape(&resolve, ty));
                (format!("{name}()"), format!("({}) -> {result:?}", params.join(", ")))
            });
            (name.clone(), types.chain(functions).collect())
        };
        let interfaces = resolve.packages[package].interfaces.iter().map(interface).collect();
        Self { version, interfaces }
    }

    /// The first thing that a component built for `self` would not find in `now` as it was, under the same version.
    fn broken_by(&self, now: &Self) -> Option<String> {
        if self.version != now.version {
            return None;
        }
        // An interface is exported or imported as a whole, so that even an addition to one breaks.
        let mut names = self.interfaces.iter();
        let changed = names.find(|(name, items)| now.interfaces.get(*name) != Some(items));
        let (name, items) = changed?;
        let found = now.interfaces.get(name).cloned().unwrap_or_default();
        let item = items.keys().chain(found.keys()).find(|item| items.get(*item) != found.get(*item))?;
        Some(format!("{name}.{item} was {:?} and is {:?}", items.get(item), found.get(item)))
    }
}

fn shape(resolve: &Resolve, ty: &Type) -> String {
    match ty {
        Type::Id(id) => match &resolve.types[*id].name {
            Some(name) => name.clone(),
            None => kind(resolve, &resolve.types[*id].kind),
        },
        plain => format!("{plain:?}").to_lowercase(),
    }
}

fn kind(resolve: &Resolve, kind: &TypeDefKind) -> String {
    let optional = |ty: &Option<Type>| ty.as_ref().map_or_else(|| "_".to_owned(), |ty| shape(resolve, ty));
    let all = |items: Vec<String>| items.join(", ");
    match kind {
        TypeDefKind::Record(record) => {
            let field = |field: &wit_parser::Field| format!("{}: {}", field.name, shape(resolve, &field.ty));
            format!("record {{{}}}", all(record.fields.iter().map(field).collect()))
        }
        TypeDefKind::Variant(variant) => {
            let case = |case: &wit_parser::Case| format!("{}({})", case.name, optional(&case.ty));
            format!("variant {{{}}}", all(variant.cases.iter().map(case).collect()))
        }
        TypeDefKind::Enum(cases) => {
            format!("enum {{{}}}", all(cases.cases.iter().map(|case| case.name.clone()).collect()))
        }
        TypeDefKind::Tuple(tuple) => {
            format!("tuple<{}>", all(tuple.types.iter().map(|ty| shape(resolve, ty)).collect()))
        }
        TypeDefKind::Option(ty) => format!("option<{}>", shape(resolve, ty)),
        TypeDefKind::List(ty) => format!("list<{}>", shape(resolve, ty)),
        TypeDefKind::Result(result) => format!("result<{}, {}>", optional(&result.ok), optional(&result.err)),
        TypeDefKind::Handle(Handle::Own(id) | Handle::Borrow(id)) => format!("{:?}", resolve.types[*id].name),
        TypeDefKind::Type(ty) => shape(resolve, ty),
        other => panic!("the contract has no {other:?}"),
    }
}

#[test]
fn what_is_released_changes_with_its_version_only() {
    let released = workspace().join("wit/released/portent-0.1.0.wit");
    let now = workspace().join("wit/portent.wit");
    assert_eq!(Surface::read(&released).broken_by(&Surface::read(&now)), None);
}

#[test]
fn breaks_are_found() {
    let text = std::fs::read_to_string(workspace().join("wit/released/portent-0.1.0.wit")).unwrap();
    let released = Surface::parse(&text);
    let breaks = [
        ("    threshold: option<f64>,", "    threshold: f64,", "scorer.description was"),
        ("  enum feature-kind {", "  enum feature-kind {\n    text,", "scorer.feature-kind was"),
        (
            "describe: func() -> description;",
            "describe: func(of: string) -> description;",
            "scorer.describe() was",
        ),
        ("  describe: func()", "  warm: func();\n  describe: func()", "scorer.warm() was None"),
        ("    explain: bool,", "", "scorer.batch was"),
        ("variant score-error", "variant score-fault", "scorer."),
    ];
    for (old, new, problem) in breaks {
        assert!(text.contains(old), "{old}");
        let replaced = text.replace(old, new).replace(
            "result<scores, score-error>",
            if old.contains("score-error") {
                "result<scores, score-fault>"
            } else {
                "result<scores, score-error>"
            },
        );
        let found = released.broken_by(&Surface::parse(&replaced)).unwrap_or_default();
        assert!(found.starts_with(problem), "{old}: {found}");
        let newer = replaced.replace("portent:serve@0.1.0", "portent:serve@0.2.0");
        assert_eq!(released.broken_by(&Surface::parse(&newer)), None, "under another version");
    }
    assert_eq!(
        released.broken_by(&Surface::parse(&text.replace("/// Any number.", "/// Every number."))),
        None
    );
}
