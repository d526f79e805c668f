//! Every expression of a dashboard, before Prometheus' own parser.

use std::io::Write as _;
use std::process::{Command, Output};

use portent_tests::dashboard::{Expression, Substitution, shipped};
use portent_tests::external;
use serde_json::json;

/// Puts expressions before promtool, as recording rules.
fn checked(expressions: &[Expression]) -> Option<Output> {
    let program = external::program("promtool")?;
    let values = Substitution::everything();
    let rule = |(index, one): (usize, &Expression)| json!({ "record": format!("panel:number_{index}"), "expr": values.apply(&one.text) });
    let rules: Vec<_> = expressions.iter().enumerate().map(rule).collect();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    // JSON is YAML.
    write!(file, "{}", json!({ "groups": [{ "name": "panels", "rules": rules }] })).unwrap();
    Some(Command::new(program).args(["check", "rules"]).arg(file.path()).output().unwrap())
}

#[test]
fn promtool_reads_every_expression() {
    let expressions: Vec<_> = shipped().iter().flat_map(|one| one.expressions()).collect();
    assert!(expressions.len() > 80, "{} expressions", expressions.len());
    let Some(output) = checked(&expressions) else { return };
    let report =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{report}");
    assert!(report.contains(&format!("SUCCESS: {} rules found", expressions.len())), "{report}");
}

#[test]
fn promtool_refuses_what_is_no_expression() {
    let mut expressions = shipped()[0].expressions();
    let broken = expressions.first_mut().unwrap();
    broken.text.push_str(" by (le");
    let Some(output) = checked(&expressions) else { return };
    assert!(!output.status.success());
}
