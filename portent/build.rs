//! Tells the program which profile it is built with, for `portent --version`: `env!("PORTENT_PROFILE")`.
//!
//! Cargo's own variable PROFILE is `debug` or `release` for every profile. The folder of the profile is the third above
//! the folder of the build script's output: `target/[TRIPLE/]PROFILE/build/portent-HASH/out`.

use std::env;
use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let out = env::var("OUT_DIR").unwrap_or_default();
    let folder = Path::new(&out).ancestors().nth(3).and_then(Path::file_name);
    // The profile `dev` has the folder `debug`.
    let profile = match folder.and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    println!("cargo::rustc-env=PORTENT_PROFILE={profile}");
}
