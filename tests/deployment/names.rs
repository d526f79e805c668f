//! Files that are read by other programs are what they say they are.

use std::path::Path;

use portent_tests::deploy;

#[test]
fn every_yaml_file_is_yaml() {
    for file in [".yml", ".yaml"].into_iter().flat_map(|ending| deploy::files("", ending)) {
        let read = deploy::yaml(&text(&file));
        assert!(read.is_ok_and(|documents| !documents.is_empty()), "{}", file.display());
    }
}

/// The text of a file.
pub(crate) fn text(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap()
}
