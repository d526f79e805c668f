//! The modules of a crate, and which of them uses which, read from the text of its files.
//!
//! Paths are followed to the module that defines what they name, through re-exports.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::tokens::{Token, text, tokens, without_tests};

/// Names of the modules from the root of the crate on.
type ModulePath = Vec<String>;

/// A crate's modules, without those for tests.
#[derive(Debug, Default)]
pub(crate) struct CrateSource {
    modules: BTreeMap<ModulePath, Module>,
}

/// One module uses another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Arrow {
    pub(crate) from: String,
    pub(crate) to: String,
    /// The file and line with the path; none if a module declares another.
    pub(crate) place: Option<Place>,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) file: PathBuf,
    pub(crate) line: usize,
}

#[derive(Debug, Default)]
struct Module {
    file: PathBuf,
    /// Names of the items that it defines.
    items: BTreeSet<String>,
    /// What it imports or re-exports.
    imports: Vec<Import>,
    /// Other paths in its code, with their lines.
    paths: Vec<(Vec<String>, usize)>,
}

#[derive(Debug)]
struct Import {
    path: Vec<String>,
    /// The name that it has here; `*` stands for all names.
    name: String,
    line: usize,
}

/// What a path names.
#[derive(Clone, Debug)]
enum Target {
    Module(ModulePath),
    /// An item, by the module that defines it.
    Item(ModulePath),
}

impl CrateSource {
    /// Reads the crate whose root is in this folder.
    pub(crate) fn read(src: &Path) -> Self {
        let root = ["lib.rs", "main.rs"].map(|name| src.join(name)).into_iter().find(|file| file.is_file());
        let mut source = Self::default();
        source.read_module(&root.unwrap(), src, &[]);
        source
    }

    /// A crate of texts, by the paths of their modules: `""` is the root.
    pub(crate) fn of(modules: &[(&str, &str)]) -> Self {
        let mut source = Self::default();
        for (path, text) in modules {
            let path: ModulePath =
                path.split("::").filter(|name| !name.is_empty()).map(str::to_owned).collect();
            let file = PathBuf::from(if path.is_empty() { "lib".to_owned() } else { path.join("/") } + ".rs");
            let (tokens, _) = without_tests(&tokens(text));
            Parser { source: &mut source, file: &file, tokens: &tokens }.parse(&path);
        }
        source
    }

    /// Reads a file and the files of its modules, which are in `folder`.
    fn read_module(&mut self, file: &Path, folder: &Path, path: &[String]) {
        let (tokens, tests) = without_tests(&tokens(&std::fs::read_to_string(file).unwrap()));
        Parser { source: self, file, tokens: &tokens }.parse(path);
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let child = entry.unwrap().path();
            let Some(name) = child.file_stem().map(|name| name.to_string_lossy().into_owned()) else {
                continue;
            };
            let is_root = path.is_empty() && ["lib", "main", "bin"].contains(&name.as_str());
            if child.extension().is_some_and(|extension| extension == "rs")
                && !is_root
                && !tests.contains(&name)
            {
                self.read_module(&child, &folder.join(&name), &[path, std::slice::from_ref(&name)].concat());
            }
        }
    }

    /// Every use of a module by another, and every declaration of one by its parent.
    pub(crate) fn arrows(&self) -> BTreeSet<Arrow> {
        let mut arrows = BTreeSet::new();
        for (from, module) in &self.modules {
            if let Some((_, parent)) = from.split_last() {
                arrows.insert(Arrow { from: named(parent), to: named(from), place: None });
            }
            let mut add = |target: Target, line: usize| {
                let (Target::Module(to) | Target::Item(to)) = target;
                if to != *from {
                    let place = Some(Place { file: module.file.clone(), line });
                    arrows.insert(Arrow { from: named(from), to: named(&to), place });
                }
            };
            for import in &module.imports {
                let Some(target) = self.resolve(from, &import.path, 0) else { continue };
                // `use crate::a;` and then `a::b::C` uses `b` only.
                let is_prefix = matches!(target, Target::Module(_))
                    && module.paths.iter().any(|(path, _)| path.len() > 1 && path[0] == import.name);
                if !is_prefix {
                    add(target, import.line);
                }
            }
            for (path, line) in &module.paths {
                self.resolve(from, path, 0).into_iter().for_each(|target| add(target, *line));
            }
        }
        arrows
    }

    /// What a path in a module names; `None` for what is in another crate.
    fn resolve(&self, from: &ModulePath, path: &[String], depth: usize) -> Option<Target> {
        let mut module = from.clone();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => module.clear(),
            "self" => {}
            "super" => {
                module.pop()?;
            }
            name if self.child(&module, name).is_some() => return self.walk(module, path, depth),
            name => {
                let import = self.modules.get(&module)?.imports.iter().find(|import| import.name == name)?;
                // An import does not explain itself.
                if depth > 8 || import.path == path {
                    return None;
                }
                return match self.resolve(&module, &import.path, depth + 1)? {
                    Target::Module(found) => self.walk(found, &path[1..], depth + 1),
                    item @ Target::Item(_) => Some(item),
                };
            }
        }
        rest = &rest[1..];
        while rest.first().is_some_and(|name| name == "super") {
            module.pop()?;
            rest = &rest[1..];
        }
        self.walk(module, rest, depth)
    }

    /// Follows names down from a module.
    fn walk(&self, mut module: ModulePath, names: &[String], depth: usize) -> Option<Target> {
        for name in names {
            match self.child(&module, name) {
                Some(child) => module = child,
                None if name == "*" => break,
                None => return self.item(&module, name, depth),
            }
        }
        Some(Target::Module(module))
    }

    /// The module that defines what has a name in this one.
    fn item(&self, module: &ModulePath, name: &str, depth: usize) -> Option<Target> {
        let found = self.modules.get(module)?;
        if depth > 8 || found.items.contains(name) {
            return Some(Target::Item(module.clone()));
        }
        if let Some(import) = found.imports.iter().find(|import| import.name == name) {
            return self.resolve(module, &import.path, depth + 1);
        }
        for glob in found.imports.iter().filter(|import| import.name == "*") {
            if let Some(Target::Module(all)) = self.resolve(module, &glob.path, depth + 1)
                && self.modules.get(&all).is_some_and(|all| all.items.contains(name))
            {
                return Some(Target::Item(all));
            }
        }
        Some(Target::Item(module.clone()))
    }

    fn child(&self, module: &ModulePath, name: &str) -> Option<ModulePath> {
        let path = [module.clone(), vec![name.to_owned()]].concat();
        self.modules.contains_key(&path).then_some(path)
    }
}

/// A module's path as a text.
fn named(path: &[String]) -> String {
    if path.is_empty() { "crate".to_owned() } else { path.join("::") }
}

struct Parser<'s> {
    source: &'s mut CrateSource,
    file: &'s Path,
    tokens: &'s [Token],
}

impl Parser<'_> {
    /// Reads the tokens of a file, whose module is `path`. Modules in braces are modules of their own.
    fn parse(&mut self, path: &[String]) {
        let (mut path, mut depth, mut inline, mut at) = (path.to_vec(), 0_usize, Vec::new(), 0);
        self.module(&path);
        while at < self.tokens.len() {
            let word = text(self.tokens, at);
            let previous = at.checked_sub(1).map_or("", |before| text(self.tokens, before));
            match word {
                "mod" if text(self.tokens, at + 2) == "{" => {
                    path.push(text(self.tokens, at + 1).to_owned());
                    inline.push(depth);
                    self.module(&path);
                    at += 1;
                }
                "{" => depth += 1,
                "}" => {
                    depth = depth.saturating_sub(1);
                    if inline.last() == Some(&depth) {
                        inline.pop();
                        path.pop();
                    }
                }
                "use" if text(self.tokens, at + 1) != "<" => {
                    at = self.import(&path, at + 1, &[]);
                    continue;
                }
                "struct" | "enum" | "union" | "trait" | "type" | "fn" | "const" | "static" => {
                    let name = text(self.tokens, at + 1).to_owned();
                    self.module(&path).items.insert(name);
                }
                "macro_rules" => {
                    let name = text(self.tokens, at + 2).to_owned();
                    self.module(&path).items.insert(name);
                }
                _ if text(self.tokens, at + 1) == "::" && previous != "::" && previous != "in" => {
                    let line = self.tokens[at].line;
                    let (found, end) = self.path(at);
                    self.module(&path).paths.push((found, line));
                    at = end;
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
    }

    fn module(&mut self, path: &ModulePath) -> &mut Module {
        let module = self.source.modules.entry(path.clone()).or_default();
        module.file = self.file.to_owned();
        module
    }

    /// The words joined by `::` from here on, and where they end.
    fn path(&self, mut at: usize) -> (Vec<String>, usize) {
        let mut path = vec![text(self.tokens, at).to_owned()];
        at += 1;
        while text(self.tokens, at) == "::" && is_name(text(self.tokens, at + 1)) {
            path.push(text(self.tokens, at + 1).to_owned());
            at += 2;
        }
        (path, at)
    }

    /// Reads the tree of a `use` below a path, and returns where it ends.
    fn import(&mut self, module: &ModulePath, mut at: usize, above: &[String]) -> usize {
        let line = self.tokens.get(at).map_or(0, |token| token.line);
        let mut path = above.to_vec();
        loop {
            match text(self.tokens, at) {
                "::" => at += 1,
                "{" => {
                    at += 1;
                    while !["}", ""].contains(&text(self.tokens, at)) {
                        at = self.import(module, at, &path);
                        at += usize::from(text(self.tokens, at) == ",");
                    }
                    return at + 1;
                }
                "*" => {
                    path.push("*".to_owned());
                    at += 1;
                }
                word if is_name(word) && word != "as" => {
                    path.push(word.to_owned());
                    at += 1;
                }
                _ => break,
            }
        }
        // `a::{self}` imports `a`.
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let mut name = path.last().cloned().unwrap_or_default();
        if text(self.tokens, at) == "as" {
            text(self.tokens, at + 1).clone_into(&mut name);
            at += 2;
        }
        self.module(module).imports.push(Import { path, name, line });
        at
    }
}

fn is_name(word: &str) -> bool {
    word.starts_with(|sign: char| sign.is_alphabetic() || sign == '_')
}
