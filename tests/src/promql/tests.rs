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
    check("quantile(0.5, a) < histogram_quantile(0.95, sum by(le) (b))", &[("a", &[]), ("b", &[])], &["le"]);
}

#[test]
fn labels_that_the_expression_makes_need_not_be_there() {
    let found = names(r#"sum by (kind, app) (label_replace(a{x="1"}, "kind", "$1", "y", "(.*)"))"#);
    assert_eq!(found.labels(), BTreeSet::from(["app", "x"]));
    assert_eq!(names(r#"count_values by (app) ("version", a)"#).made, BTreeSet::from(["version".to_owned()]));
}
