//! Figures of the kernel about this process.

use portent_counts::clock::SECOND;

/// Clock ticks of a second in `/proc`, fixed in Linux' interface to programs.
const TICK: u64 = SECOND / 100;

/// Figures about this process; `None` if the system does not have them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// User and system CPU time, in nanoseconds.
    pub cpu: Option<u64>,
    /// Resident memory, in bytes.
    pub resident: Option<u64>,
    /// Start, in nanoseconds since the epoch.
    pub start: Option<u64>,
    /// Open file descriptors.
    pub open_fds: Option<u64>,
}

impl Process {
    /// Reads the figures of now from `/proc`.
    #[must_use]
    pub fn read() -> Self {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let ticks = |field| stat_field(&stat, field).map(|ticks| ticks * TICK);
        Self {
            cpu: ticks(14).zip(ticks(15)).map(|(user, system)| user + system),
            resident: keyed("/proc/self/status", "VmRSS:").map(|kibibytes| kibibytes * 1024),
            start: ticks(22).zip(keyed("/proc/stat", "btime")).map(|(up, boot)| up + boot * SECOND),
            open_fds: std::fs::read_dir("/proc/self/fd").ok().map(|entries| entries.count() as u64),
        }
    }
}

/// A field of `/proc/self/stat`, counted from 1 as in its manual page. The second one, the name of the
/// program, may hold blanks and parentheses: fields after it are counted from the last parenthesis.
fn stat_field(stat: &str, field: usize) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_ascii_whitespace().nth(field.checked_sub(3)?)?.parse().ok()
}

/// The first number behind a key at the start of a line.
fn keyed(path: &str, key: &str) -> Option<u64> {
    let text = std::fs::read_to_string(path).ok()?;
    let rest = text.lines().find_map(|line| line.strip_prefix(key))?;
    rest.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_a_running_process() {
        let process = Process::read();
        assert!(process.resident.unwrap() > 100_000);
        assert!(process.open_fds.unwrap() >= 3);
        assert!(process.cpu.is_some());
        let age = portent_counts::clock::now() - process.start.unwrap();
        assert!(age < 24 * 3600 * SECOND, "{age}");
    }

    #[test]
    fn a_program_name_with_blanks_moves_no_field() {
        assert_eq!(stat_field("1 (a) b) R 4 5", 4), Some(4));
    }
}
