use serde_json::json;

use super::*;

fn dashboard() -> Dashboard {
    let target = json!({ "refId": "A", "expr": "a", "instant": true });
    let inner = json!({ "type": "stat", "title": "Inner", "targets": [target] });
    let outer = json!({ "type": "timeseries", "title": "Outer", "targets": [{ "refId": "B", "expr": "b" }] });
    let row = json!({ "type": "row", "title": "Row", "panels": [inner] });
    let variables = json!([
        { "name": "one", "query": { "query": "label_values(c{d=\"e\"}, f)" } },
        { "name": "two", "query": "query_result(g)" },
        { "name": "three", "query": "prometheus" },
    ]);
    let own = json!({ "builtIn": 1, "name": "Annotations & Alerts" });
    let json = json!({
        "panels": [outer, row],
        "templating": { "list": variables },
        "annotations": { "list": [own, { "name": "Noted", "expr": "h" }] },
    });
    Dashboard { file: PathBuf::new(), text: String::new(), json }
}

#[test]
fn every_expression_is_found_where_it_stands() {
    let found = dashboard().expressions();
    let found: Vec<_> =
        found.iter().map(|one| (&*one.place, &*one.reference, &*one.text, one.instant)).collect();
    let expected = [
        ("Outer", "B", "b", false),
        ("Inner", "A", "a", true),
        ("Noted", "annotation", "h", false),
        ("one", "variable", "c{d=\"e\"}", true),
        ("two", "variable", "g", true),
    ];
    assert_eq!(found, expected);
}

#[test]
fn variables_are_replaced_and_others_stay() {
    let values = Substitution::everything().with("__rate_interval", "7s").with("app", "hvs");
    let text = r#"rate(a{job=~"$job",app=~"${app:regex}"}[$__rate_interval]) $1 $jobs ${nothing} $__range_s"#;
    let applied = values.apply(text);
    assert_eq!(applied, r#"rate(a{job=~".+",app=~"hvs"}[7s]) $1 $jobs ${nothing} 3600"#);
    assert_eq!(unknown_variables(&applied), ["jobs", "nothing"]);
    assert_eq!(values.apply("a$"), "a$");
}
