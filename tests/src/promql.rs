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

/// A selector, such as `a{b="c"}[5m]`.
#[derive(Debug, PartialEq, Eq)]
pub struct Selector {
    /// Name of the metric, empty where only labels select.
    pub metric: String,
    /// Its matchers, in their order.
    pub matchers: Vec<Matcher>,
    /// The range in brackets behind it.
    pub range: Option<String>,
    /// The function whose first argument it is.
    pub function: Option<String>,
}

/// A matcher: `label`, `=~`, `value`.
#[derive(Debug, PartialEq, Eq)]
pub struct Matcher {
    /// Name of the label.
    pub label: String,
    /// `=`, `!=`, `=~` or `!~`.
    pub operator: String,
    /// The text that it is compared with.
    pub value: String,
}

/// The names in an expression, whose dashboard variables have been replaced.
#[must_use]
pub fn names(expression: &str) -> Names {
    let mut names = Names::default();
    for Selector { metric, matchers, .. } in selectors(expression) {
        let (named, labels): (Vec<_>, Vec<_>) = matchers.into_iter().partition(|one| one.label == "__name__");
        let metric = named.into_iter().next().map_or(metric, |one| one.value);
        names.metrics.entry(metric).or_default().extend(labels.into_iter().map(|one| one.label));
    }
    let tokens = tokens(expression);
    let mut rest = tokens.as_slice();
    while let Some((token, after)) = rest.split_first() {
        rest = after;
        let Token::Word(word) = token else { continue };
        if GROUPINGS.contains(&word.as_str()) && matches!(after.first(), Some(Token::Mark('('))) {
            let list = after.iter().take_while(|token| !matches!(token, Token::Mark(')')));
            names.groupings.extend(list.filter_map(|token| match token {
                Token::Word(label) => Some(label.clone()),
                Token::Text(_) | Token::Range(_) | Token::Mark(_) => None,
            }));
        }
        if MAKERS.contains(&word.as_str()) {
            names.made.extend(first_argument_text(after));
        }
    }
    names
}

/// Every selector of an expression, in their order.
#[must_use]
pub fn selectors(expression: &str) -> Vec<Selector> {
    let tokens = tokens(expression);
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let word = if let Token::Word(word) = token { word.as_str() } else { "" };
        let next = tokens.get(at + 1);
        let start = at;
        at += 1;
        if GROUPINGS.contains(&word) && matches!(next, Some(Token::Mark('('))) {
            at = position(&tokens, at, ')');
            continue;
        }
        let is_nameless = matches!(token, Token::Mark('{'));
        if !is_nameless && !is_metric(word, next) {
            continue;
        }
        let braces = if is_nameless { start } else { at };
        let mut matchers = Vec::new();
        if matches!(tokens.get(braces), Some(Token::Mark('{'))) {
            at = position(&tokens, braces, '}') + 1;
            matchers = tokens.get(braces + 1..at).map(read_matchers).unwrap_or_default();
        }
        let range = tokens.get(at).and_then(|token| match token {
            Token::Range(range) => Some(range.clone()),
            Token::Word(_) | Token::Text(_) | Token::Mark(_) => None,
        });
        found.push(Selector { metric: word.to_owned(), matchers, range, function: caller(&tokens, start) });
    }
    found
}

#[derive(Debug)]
enum Token {
    /// A name or a word of the language.
    Word(String),
    /// A quoted text, without its quotes.
    Text(String),
    /// What stands in brackets: a range.
    Range(String),
    /// Any other character that is no number, space or comment.
    Mark(char),
}

fn tokens(expression: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut characters = expression.chars().peekable();
    let is_word = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
    while let Some(first) = characters.next() {
        match first {
            '#' => drop(characters.by_ref().find(|c| *c == '\n')),
            '[' => tokens.push(Token::Range(characters.by_ref().take_while(|c| *c != ']').collect())),
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

/// The first text that is an argument of the call itself, not of a selector or a call within.
fn first_argument_text(call: &[Token]) -> Option<String> {
    let mut depth = 0;
    call.iter().find_map(|token| {
        match token {
            Token::Mark('(' | '{') => depth += 1,
            Token::Mark(')' | '}') => depth -= 1,
            Token::Text(text) if depth == 1 => return Some(text.clone()),
            Token::Text(_) | Token::Word(_) | Token::Range(_) | Token::Mark(_) => {}
        }
        None
    })
}

fn is_metric(word: &str, next: Option<&Token>) -> bool {
    let is_called = matches!(next, Some(Token::Mark('(')));
    let is_word = AGGREGATIONS.contains(&word)
        || GROUPINGS.contains(&word)
        || KEYWORDS.contains(&word.to_lowercase().as_str());
    !word.is_empty() && !is_called && !is_word
}

fn position(tokens: &[Token], from: usize, mark: char) -> usize {
    let rest = tokens.get(from..).unwrap_or_default();
    let is_mark = |token: &Token| matches!(token, Token::Mark(found) if *found == mark);
    from + rest.iter().position(is_mark).unwrap_or(rest.len())
}

/// The word before the parenthesis that stands directly before this token.
fn caller(tokens: &[Token], at: usize) -> Option<String> {
    let before = tokens.get(at.checked_sub(2)?..at)?;
    match before {
        [Token::Word(word), Token::Mark('(')] => Some(word.clone()),
        _ => None,
    }
}

fn read_matchers(tokens: &[Token]) -> Vec<Matcher> {
    let mut matchers = Vec::new();
    let (mut label, mut operator) = ("", String::new());
    for token in tokens {
        match token {
            Token::Word(word) => (label, operator) = (word, String::new()),
            Token::Mark(mark @ ('=' | '!' | '~')) => operator.push(*mark),
            Token::Text(value) => {
                let (label, operator) = (label.to_owned(), std::mem::take(&mut operator));
                matchers.push(Matcher { label, operator, value: value.clone() });
            }
            Token::Range(_) | Token::Mark(_) => {}
        }
    }
    matchers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expression: &str, metrics: &[(&str, &[&str])], groupings: &[&str]) {
        let set = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
        let found = names(expression);
        let expected = metrics.iter().map(|(name, labels)| ((*name).to_owned(), set(labels))).collect();
        assert_eq!(found.metrics, expected, "{expression}");
        assert_eq!(found.groupings, set(groupings), "{expression}");
    }

    #[test]
    fn metrics_have_the_labels_that_they_are_matched_on() {
        check(
            r#"sum by (app, job) (rate(a_total{job=~"x|y{}",le!="\"1"}[5m])) > 1e3"#,
            &[("a_total", &["job", "le"])],
            &["app", "job"],
        );
        check(
            "sum(a{x='1'}) without (pod) / on (job) group_left sum(a{y=`2`})",
            &[("a", &["x", "y"])],
            &["job", "pod"],
        );
        check(
            "job_app:a:rate5m and ignoring(le) group_right(app) b # c{d=\"e\"}\n or f",
            &[("b", &[]), ("f", &[]), ("job_app:a:rate5m", &[])],
            &["app", "le"],
        );
        check(r#"{__name__="a",b="c"} offset 1h30m unless d offset -5m"#, &[("a", &["b"]), ("d", &[])], &[]);
    }

    #[test]
    fn what_is_no_metric_is_none() {
        check("time() - 1.5e-3 * +Inf == bool NaN or vector(0x1f)", &[], &[]);
        check("max_over_time(a[1h:5m] @ end())", &[("a", &[])], &[]);
        check(
            "quantile(0.5, a) < histogram_quantile(0.95, sum by(le) (b))",
            &[("a", &[]), ("b", &[])],
            &["le"],
        );
    }

    #[test]
    fn labels_that_the_expression_makes_need_not_be_there() {
        let found = names(r#"sum by (kind, app) (label_replace(a{x="1"}, "kind", "$1", "y", "(.*)"))"#);
        assert_eq!(found.labels(), BTreeSet::from(["app", "x"]));
        assert_eq!(
            names(r#"count_values by (app) ("version", a)"#).made,
            BTreeSet::from(["version".to_owned()])
        );
    }

    #[test]
    fn each_selector_stands_for_itself() {
        let text = r#"sum by (app) (rate(a_total{job=~"$job",le!="1"}[$__rate_interval])) / on (app) b or vector(0)"#;
        let matcher = |label: &str, operator: &str, value: &str| Matcher {
            label: label.to_owned(),
            operator: operator.to_owned(),
            value: value.to_owned(),
        };
        let first = Selector {
            metric: "a_total".to_owned(),
            matchers: vec![matcher("job", "=~", "$job"), matcher("le", "!=", "1")],
            range: Some("$__rate_interval".to_owned()),
            function: Some("rate".to_owned()),
        };
        let second = Selector { metric: "b".to_owned(), matchers: Vec::new(), range: None, function: None };
        assert_eq!(selectors(text), [first, second]);
    }

    #[test]
    fn one_metric_can_be_selected_twice() {
        let found = selectors("a{b=\"c\"} - a + max({d='e'}) offset 1h");
        let matched: Vec<_> = found.iter().map(|one| (&*one.metric, one.matchers.len())).collect();
        assert_eq!(matched, [("a", 1), ("a", 0), ("", 1)]);
        assert_eq!(found[2].function.as_deref(), Some("max"));
    }
}
