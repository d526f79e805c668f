//! The container images: what they are made of is let through, and what runs in them fits the manifests.

use portent_tests::{deploy, external};

use crate::names::text;

/// The instructions of a Containerfile, without comments.
fn instructions(name: &str) -> Vec<(String, String)> {
    let text = text(&deploy::path("images").join(name));
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.split_once(' ').map(|(word, rest)| (word.to_owned(), rest.to_owned())))
        .collect()
}

fn values(instructions: &[(String, String)], word: &str) -> Vec<String> {
    instructions.iter().filter(|(found, _)| found == word).map(|(_, rest)| rest.clone()).collect()
}

/// A shell or a root user would be more than the program needs.
#[test]
fn the_aggregator_is_alone_in_its_image() {
    let image = instructions("host-metrics.Containerfile");
    assert_eq!(values(&image, "FROM"), ["scratch"]);
    assert_eq!(values(&image, "USER"), ["65532:65532"]);
    assert_eq!(values(&image, "ENTRYPOINT"), ["[\"/host-metrics\"]"]);
    assert_eq!(values(&image, "EXPOSE"), ["9464 9465"]);
    let copied = values(&image, "COPY");
    assert_eq!(copied, ["target/static/host-metrics /host-metrics", "models/*.portent /models/"]);
    assert!(values(&image, "RUN").is_empty());
}

/// The shim reads `/spin.toml`, and the component where that says.
#[test]
fn the_applications_lie_where_their_manifest_says() {
    let manifest: toml::Table = text(&external::workspace().join("spin.toml")).parse().unwrap();
    let image = instructions("app.Containerfile");
    assert_eq!(values(&image, "FROM"), ["scratch"]);
    let mut expected = vec!["spin.toml /spin.toml".to_owned()];
    for component in manifest["component"].as_table().unwrap().values() {
        let source = component["source"].as_str().unwrap();
        let line = format!("{source} /{source}");
        if !expected.contains(&line) {
            expected.push(line);
        }
    }
    assert_eq!(values(&image, "COPY"), expected);
}

/// A build sees nothing but what it copies.
#[test]
fn builds_see_what_they_copy_and_nothing_else() {
    let ignored = text(&external::workspace().join(".dockerignore"));
    let mut lines: Vec<_> = ignored.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines.remove(0), "*");
    let mut copied: Vec<String> = Vec::new();
    for name in ["host-metrics.Containerfile", "app.Containerfile"] {
        for line in values(&instructions(name), "COPY") {
            copied.extend(line.split_once(' ').map(|(source, _)| format!("!{source}")));
        }
    }
    copied.sort();
    assert_eq!(lines, copied);
}
