//! What is wrong with a configuration, and where.

use std::fmt;

/// Most problems that are kept of one file.
const PROBLEMS: usize = 32;

/// Most characters of a message of the TOML reader that are kept.
const SYNTAX_CHARACTERS: usize = 200;

/// A broken rule and its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The rule, in one line.
    pub rule: String,
}

/// Problems of a file, at most 32.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// The problems, in order of their places.
    #[must_use]
    pub fn as_slice(&self) -> &[Problem] {
        &self.0
    }

    /// The problems as an error, or the value if there are none.
    pub(super) fn none_or<T>(mut self, value: T) -> Result<T, Self> {
        self.0.sort();
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }

    /// Adds a problem at a byte of the text.
    pub(super) fn add(&mut self, text: &str, offset: usize, rule: &str) {
        if self.0.len() == PROBLEMS {
            return;
        }
        let before = text.get(..offset).unwrap_or_default();
        let (lines, last) = before.rsplit_once('\n').unwrap_or(("", before));
        let line = 1 + usize::from(last.len() < before.len()) + lines.matches('\n').count();
        self.0.push(Problem { line, column: 1 + last.chars().count(), rule: rule.to_owned() });
    }

    /// The problem of a text that is not TOML, or not of the right shape.
    pub(super) fn syntax(text: &str, error: &toml::de::Error) -> Self {
        let mut problems = Self::default();
        let message: String = error.message().replace('\n', ", ").chars().take(SYNTAX_CHARACTERS).collect();
        let offset = error.span().map_or(0, |span| span.start);
        problems.add(text, offset, &message.replace(char::is_control, " "));
        problems
    }

    /// One line a problem, each with the name of the file.
    pub(super) fn lines(&self, file: &str) -> impl fmt::Display {
        let lines: Vec<_> = self.0.iter().map(|problem| format!("{file}:{problem}")).collect();
        lines.join("\n")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.rule)
    }
}
