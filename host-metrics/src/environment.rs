//! The environment variables that the program reads, in one list. `docs/configuration.md` has the same.

/// An environment variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub purpose: &'static str,
}

/// Token of the metrics listener.
pub const METRICS_TOKEN: Variable = Variable {
    name: "PORTENT_METRICS_TOKEN",
    purpose: "Tokens that scrapes must show, a line each, instead of `--metrics-token-file`.",
};

/// Token of the ingest listener.
pub const INGEST_TOKEN: Variable = Variable {
    name: "PORTENT_INGEST_TOKEN",
    purpose: "Tokens that deliveries must show, a line each, instead of `--ingest-token-file`.",
};

/// Every variable.
pub const VARIABLES: [Variable; 6] = [
    METRICS_TOKEN,
    INGEST_TOKEN,
    Variable {
        name: "SPIN_VARIABLE_*",
        purpose: "Values of application variables for `up`, as Spin has them; `--variable` is stronger.",
    },
    Variable {
        name: "XDG_CACHE_HOME",
        purpose: "User's cache directory, in which `up` keeps compiled code without `--cache-dir`.",
    },
    Variable {
        name: "HOME",
        purpose: "User's directory, whose `.cache` takes that place where `XDG_CACHE_HOME` is not set.",
    },
    Variable {
        name: "TOKIO_WORKER_THREADS",
        purpose: "Threads that answer requests, read by tokio; by default as many as the machine has processors.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The page's section has one row a variable, in this order, and none besides.
    #[test]
    fn the_page_lists_the_same_variables() {
        let page = include_str!("../../docs/configuration.md");
        let section = page.split("\n## ").find(|section| section.starts_with("Environment\n")).unwrap();
        let rows: Vec<_> = section.lines().filter(|line| line.starts_with("| `")).collect();
        let row = |variable: &Variable| format!("| `{}` | {} |", variable.name, variable.purpose);
        assert_eq!(rows, VARIABLES.iter().map(row).collect::<Vec<_>>());
    }
}
