//! The table of families in `docs/metrics.md`.

use anyhow::{Context as _, Result};

use crate::build::workspace;

use families::{ALL, Family};

/// The list of the program itself, included as a file, so that nothing else has to be compiled for it.
#[path = "../../../host-metrics/src/families.rs"]
#[allow(dead_code, unreachable_pub, reason = "it is written for another crate")]
mod families;

/// The page, whose table stands between the two marks.
pub(super) const PAGE: &str = "docs/metrics.md";
const BEGIN: &str = "<!-- `cargo xtask generate` makes this table of host-metrics/src/families.rs. -->\n";
const END: &str = "<!-- End of the table. -->\n";

const HEAD: &str = "\
| family | type | unit | labels | what a sample means |
|---|---|---|---|---|
";

/// The page with its table made anew.
pub(super) fn page() -> Result<String> {
    let page = std::fs::read_to_string(workspace().join(PAGE))?;
    replaced(&page, &table()).with_context(|| format!("{PAGE} lacks the marks of its table"))
}

fn replaced(page: &str, table: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    // Behind a comment a table begins with an empty line.
    Some(format!("{before}{BEGIN}\n{table}\n{END}{after}"))
}

fn table() -> String {
    ALL.iter().fold(HEAD.to_owned(), |table, family| table + &row(family))
}

fn row(family: &Family) -> String {
    let labels: Vec<String> = family.labels.iter().map(|label| format!("`{label}`")).collect();
    let kind = format!("{:?}", family.kind).to_lowercase();
    format!("| `{}` | {kind} | {} | {} | {} |\n", family.name, family.unit, labels.join(", "), family.help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_table_is_replaced() {
        let page = format!("# A\n\n{BEGIN}old\n{END}\nB\n");
        let expected = format!("# A\n\n{BEGIN}\nnew\n\n{END}\nB\n");
        assert_eq!(replaced(&page, "new\n"), Some(expected.clone()));
        assert_eq!(replaced(&expected, "new\n"), Some(expected));
        assert_eq!(replaced("# A\n", "new\n"), None);
    }
}
