//! The aggregator as its container image has it: one static file, started where there is nothing else.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use portent_tests::external::{self, workspace};

use crate::fixture::{Running, host_metrics};

/// The user of the image.
const USER: u32 = 65532;

/// Segment types and an entry of the dynamic section, of the ELF specification.
const DYNAMIC: u32 = 2;
const INTERPRETER: u32 = 3;
const NEEDED: u64 = 1;

/// What `cargo xtask static` built.
fn program() -> Option<PathBuf> {
    let path = workspace().join("target/static/host-metrics");
    external::found(path.exists().then_some(path), "target/static/host-metrics (cargo xtask static)")
}

/// What a program needs of a system to be loaded: an interpreter, and libraries.
fn needs(program: &Path) -> (bool, usize) {
    let bytes = std::fs::read(program).unwrap();
    assert_eq!(bytes[..6], *b"\x7fELF\x02\x01", "64 bits, little-endian");
    let number = |at: usize, size: usize| {
        bytes[at..at + size].iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
    };
    let at = |offset: usize| usize::try_from(number(offset, 8)).unwrap();
    let (table, size) = (at(32), usize::try_from(number(54, 2)).unwrap());
    let segments: Vec<usize> = (0..number(56, 2)).map(|index| table + index as usize * size).collect();
    let of = |kind: u32| segments.iter().filter(move |segment| number(**segment, 4) == u64::from(kind));
    let dynamic =
        of(DYNAMIC).flat_map(|segment| (at(segment + 8)..at(segment + 8) + at(segment + 32)).step_by(16));
    (of(INTERPRETER).next().is_some(), dynamic.filter(|entry| number(*entry, 8) == NEEDED).count())
}

#[test]
fn the_static_program_needs_nothing_of_a_system() {
    let Some(program) = program() else { return };
    assert_eq!(needs(&program), (false, 0));
    // The one that tests run does, so the question can be answered otherwise.
    let (has_interpreter, libraries) = needs(Path::new(host_metrics().get_program()));
    assert!(has_interpreter && libraries > 0);
}

/// The file system of the image, with a directory for the state. Root alone may enter it as its own root;
/// anyone else starts the program in it.
#[test]
fn the_static_program_starts_on_nothing_and_stops() {
    let Some(program) = program() else { return };
    let root = tempfile::tempdir().unwrap();
    let path = |name: &str| root.path().join(name);
    std::fs::copy(program, path("host-metrics")).unwrap();
    for folder in ["models", "state"] {
        std::fs::create_dir(path(folder)).unwrap();
    }
    for model in ["heart-disease.portent", "hvs.portent"] {
        std::fs::copy(workspace().join("models").join(model), path("models").join(model)).unwrap();
    }
    let is_root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
    if is_root {
        chown(path("state"), Some(USER), Some(USER)).unwrap();
    }
    std::fs::set_permissions(root.path(), std::fs::Permissions::from_mode(0o555)).unwrap();
    let arguments = if is_root { ["/models/*.portent", "/state"] } else { ["models/*.portent", "state"] };
    let mut command = if is_root { entering(root.path()) } else { Command::new(path("host-metrics")) };
    command.env_clear().current_dir(root.path());
    command.args(["serve", "--models", arguments[0], "--state", arguments[1]]);
    let running = Running::start(command, 2);
    assert_eq!(running.get("/readyz").0, 200);
    let scrape = running.scrape();
    for app in ["heart-disease", "hvs"] {
        assert!(scrape.contains(&format!("model_loaded{{app=\"{app}\"")), "{app} is not known");
    }
    assert_eq!(running.stop(), Some(0));
    assert!(path("state").join("lock").exists(), "the state is where it was told to be");
    std::fs::set_permissions(root.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Starts the program with a folder as the root of the file system, as the image's user.
fn entering(root: &Path) -> Command {
    let mut command = Command::new("/usr/sbin/chroot");
    command.arg(format!("--userspec={USER}:{USER}")).arg(root).arg("/host-metrics");
    command
}
