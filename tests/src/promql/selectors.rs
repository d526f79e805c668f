//! The selectors of an expression, each with what stands around it.

use super::{AGGREGATIONS, GROUPINGS, KEYWORDS, Token, tokens};

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
