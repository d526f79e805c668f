//! Names that a PromQL expression uses. This reads tokens only: whether the expression is one, promtool says.

use std::collections::{BTreeMap, BTreeSet};

/// Words that stand for themselves where a metric's name could stand.
const KEYWORDS: [&str; 8] = ["and", "or", "unless", "bool", "offset", "atan2", "inf", "nan"];

/// Operators whose labels may stand between them and their operand: `sum by (app) (…)`.
const AGGREGATIONS: [&str; 12] = [
    "sum",
    "min",
    "max",
    "avg",
    "group",
    "stddev",
    "stdvar",
    "count",
    "count_values",
    "bottomk",
    "topk",
    "quantile",
];

/// Words that a list of label names follows.
const GROUPINGS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];

/// Functions whose first text is a label that they make.
const MAKERS: [&str; 3] = ["label_replace", "label_join", "count_values"];

/// What an expression names.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Metrics, each with the labels that its selectors match on.
    pub metrics: BTreeMap<String, BTreeSet<String>>,
    /// Labels in `by`, `without`, `on`, `ignoring`, `group_left` and `group_right`.
    pub groupings: BTreeSet<String>,
    /// Labels that the expression makes.
    pub made: BTreeSet<String>,
}

impl Names {
    /// Every label that the expression expects to be there.
    #[must_use]
    pub fn labels(&self) -> BTreeSet<&str> {
        let matched = self.metrics.values().flatten();
        matched
            .chain(&self.groupings)
            .filter(|label| !self.made.contains(*label))
            .map(String::as_str)
            .collect()
    }
}

/// The names in an expression, whose dashboard variables have been replaced.
#[must_use]
pub fn names(expression: &str) -> Names {
    let tokens = tokens(expression);
    let mut names = Names::default();
    let mut rest = tokens.as_slice();
    while let Some((token, after)) = rest.split_first() {
        rest = match token {
            Token::Word(word) if GROUPINGS.contains(&word.as_str()) => grouping(after, &mut names),
            Token::Word(word) => operand(word, after, &mut names),
            Token::Mark('{') => selector(None, after, &mut names),
            Token::Text(_) | Token::Mark(_) => after,
        };
    }
    names
}

#[derive(Debug)]
enum Token {
    /// A name or a word of the language.
    Word(String),
    /// A quoted text, without its quotes.
    Text(String),
    /// Any other character that is no number, space, comment, or range.
    Mark(char),
}

fn tokens(expression: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut characters = expression.chars().peekable();
    let is_word = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
    while let Some(first) = characters.next() {
        match first {
            '#' => drop(characters.by_ref().find(|c| *c == '\n')),
            '[' => drop(characters.by_ref().find(|c| *c == ']')),
            '"' | '\'' | '`' => tokens.push(Token::Text(text(first, &mut characters))),
            '0'..='9' => while characters.next_if(|c| is_word(c) || *c == '.').is_some() {},
            _ if is_word(&first) => {
                let mut word = String::from(first);
                word.extend(std::iter::from_fn(|| characters.next_if(is_word)));
                tokens.push(Token::Word(word));
            }
            _ if first.is_whitespace() => {}
            mark => tokens.push(Token::Mark(mark)),
        }
    }
    tokens
}

fn text(quote: char, characters: &mut impl Iterator<Item = char>) -> String {
    let mut text = String::new();
    while let Some(next) = characters.next().filter(|next| *next != quote) {
        text.push(next);
        if next == '\\' && quote != '`' {
            text.extend(characters.next());
        }
    }
    text
}

/// Labels between parentheses, where there are any: `group_left` may stand alone.
fn grouping<'t>(tokens: &'t [Token], names: &mut Names) -> &'t [Token] {
    let Some((Token::Mark('('), list)) = tokens.split_first() else { return tokens };
    let end = list.iter().position(|token| matches!(token, Token::Mark(')'))).unwrap_or(list.len());
    let words = list.iter().take(end).filter_map(|token| match token {
        Token::Word(word) => Some(word.clone()),
        Token::Text(_) | Token::Mark(_) => None,
    });
    names.groupings.extend(words);
    list.get(end..).unwrap_or_default()
}

fn operand<'t>(word: &str, after: &'t [Token], names: &mut Names) -> &'t [Token] {
    let is_called = matches!(after.first(), Some(Token::Mark('(')));
    if MAKERS.contains(&word) {
        names.made.extend(first_argument_text(after));
    }
    if is_called || AGGREGATIONS.contains(&word) || KEYWORDS.contains(&word.to_lowercase().as_str()) {
        return after;
    }
    match after.split_first() {
        Some((Token::Mark('{'), matchers)) => selector(Some(word), matchers, names),
        _ => {
            names.metrics.entry(word.to_owned()).or_default();
            after
        }
    }
}

/// The first text that is an argument of the call itself, not of a selector or a call within.
fn first_argument_text(call: &[Token]) -> Option<String> {
    let mut depth = 0;
    call.iter().find_map(|token| {
        match token {
            Token::Mark('(' | '{') => depth += 1,
            Token::Mark(')' | '}') => depth -= 1,
            Token::Text(text) if depth == 1 => return Some(text.clone()),
            Token::Text(_) | Token::Word(_) | Token::Mark(_) => {}
        }
        None
    })
}

/// The matchers of a selector up to its closing brace; its metric may be among them.
fn selector<'t>(metric: Option<&str>, tokens: &'t [Token], names: &mut Names) -> &'t [Token] {
    let end = tokens.iter().position(|token| matches!(token, Token::Mark('}'))).unwrap_or(tokens.len());
    let matchers = tokens.get(..end).unwrap_or_default();
    let mut metric = metric.map(str::to_owned);
    let mut labels = BTreeSet::new();
    let mut matched = "";
    for token in matchers {
        match token {
            Token::Word(word) => matched = word,
            Token::Text(text) if matched == "__name__" => metric = Some(text.clone()),
            Token::Text(_) => drop(labels.insert(matched.to_owned())),
            Token::Mark(_) => {}
        }
    }
    names.metrics.entry(metric.unwrap_or_default()).or_default().extend(labels);
    tokens.get(end..).unwrap_or_default()
}

#[cfg(test)]
mod tests;
