//! Matchers on labels, as far as the configuration uses them: texts, and alternatives of texts and beginnings.

use crate::alerts::Labels;

/// Whether every matcher is met.
pub(super) fn selects(matchers: &[String], labels: &Labels) -> bool {
    matchers.iter().all(|matcher| {
        let (name, operator, value) = parts(matcher);
        let found = labels.get(name).map_or("", String::as_str);
        match operator {
            "=" => found == value,
            "!=" => found != value,
            "=~" => value.split('|').any(|alternative| is_alternative(alternative, found)),
            _ => !value.split('|').any(|alternative| is_alternative(alternative, found)),
        }
    })
}

/// The label that a matcher is about.
pub(super) fn label(matcher: &str) -> &str {
    parts(matcher).0
}

/// The alerts that a matcher names in full.
pub(super) fn alert_names(matcher: &str) -> impl Iterator<Item = &str> {
    let (name, _, value) = parts(matcher);
    let value = if name == "alertname" { value } else { "" };
    value.split('|').filter(|alternative| !alternative.is_empty() && !alternative.ends_with(".+"))
}

fn is_alternative(alternative: &str, found: &str) -> bool {
    alternative.strip_suffix(".+").map_or(found == alternative, |beginning| {
        found.strip_prefix(beginning).is_some_and(|rest| !rest.is_empty())
    })
}

/// Name, operator and value of a matcher.
fn parts(matcher: &str) -> (&str, &str, &str) {
    let (left, right) = matcher.split_once('"').unwrap();
    let value = right.strip_suffix('"').unwrap();
    let plain = |alternative: &str| {
        let text = alternative.strip_suffix(".+").unwrap_or(alternative);
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    assert!(value.split('|').all(plain), "{matcher} is of a kind that this test does not know");
    let name = left.trim_end_matches(['=', '!', '~']);
    (name, left.strip_prefix(name).unwrap(), value)
}

#[test]
fn matchers_are_read_as_alertmanager_does() {
    let labels: Labels = [("alertname".to_owned(), "PortentStale".to_owned())].into();
    let selects = |matcher: &str| super::selects(&[matcher.to_owned()], &labels);
    let met = [
        "alertname=\"PortentStale\"",
        "alertname!=\"A\"",
        "alertname=~\"A|PortentStale\"",
        "alertname=~\"Portent.+\"",
    ];
    assert!(met.into_iter().all(selects));
    assert!(selects("alertname!~\"A|B\"") && selects("app=\"\""));
    let unmet = [
        "alertname=\"A\"",
        "alertname!=\"PortentStale\"",
        "alertname=~\"Portent\"",
        "alertname!~\"A|Portent.+\"",
    ];
    assert!(!unmet.into_iter().any(selects));
    assert!(!selects("alertname=~\"PortentStale.+\"") && !selects("app=\"a\""));
    assert!(alert_names("alertname=~\"A|B.+|C\"").eq(["A", "C"]));
    assert!(alert_names("severity=\"critical\"").next().is_none());
}
