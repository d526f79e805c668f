//! CPU time and memory of a process with all its descendants, from Linux's `/proc`.

use std::fs;

use anyhow::{Context as _, Result};

/// Ticks per second in `/proc/PID/stat`; Linux fixes it for programs (`USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;

/// Memory of one process or of several, in bytes. What several share counts in each of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    pub(crate) resident: u64,
    pub(crate) peak: u64,
}

/// What `/proc/PID/stat` says of a process.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    pid: u32,
    parent: u32,
    /// CPU time of all its threads, user and system.
    ticks: u64,
    /// That of its children that have ended and that it has waited for.
    ended_children_ticks: u64,
}

/// CPU time of a process and of all that descend from it, in seconds.
pub(crate) fn cpu_seconds(root: u32) -> Result<f64> {
    let ticks: u64 = family(root)?.iter().map(|stat| stat.ticks + stat.ended_children_ticks).sum();
    Ok(ticks as f64 / TICKS_PER_SECOND)
}

/// CPU time of this process alone, in seconds.
pub(crate) fn own_cpu_seconds() -> Result<f64> {
    Ok(parse(&fs::read_to_string("/proc/self/stat")?)?.ticks as f64 / TICKS_PER_SECOND)
}

/// Memory of a process and of all that descend from it.
pub(crate) fn memory(root: u32) -> Result<Memory> {
    let mut sum = Memory::default();
    for pid in members(root)? {
        // One of them may have ended since.
        let Ok(status) = fs::read_to_string(format!("/proc/{pid}/status")) else { continue };
        sum.resident += bytes(&status, "VmRSS:")?;
        sum.peak += bytes(&status, "VmHWM:")?;
    }
    Ok(sum)
}

/// Ids of a process and of all that descend from it.
pub(crate) fn members(root: u32) -> Result<Vec<u32>> {
    Ok(family(root)?.iter().map(|stat| stat.pid).collect())
}

fn family(root: u32) -> Result<Vec<Stat>> {
    let entries = fs::read_dir("/proc").context("cannot read /proc")?;
    let stats = entries.filter_map(|entry| {
        let path = entry.ok()?.path();
        path.file_name()?.to_str()?.parse::<u32>().ok()?;
        // A process may end while the list is read.
        parse(&fs::read_to_string(path.join("stat")).ok()?).ok()
    });
    Ok(descendants(root, stats.collect()))
}

/// The process with this id and those that descend from it, in any order of the list.
fn descendants(root: u32, mut all: Vec<Stat>) -> Vec<Stat> {
    let mut found: Vec<Stat> = all.extract_if(.., |stat| stat.pid == root).collect();
    let mut next = 0;
    while let Some(parent) = found.get(next).map(|stat| stat.pid) {
        found.extend(all.extract_if(.., |stat| stat.parent == parent));
        next += 1;
    }
    found
}

fn parse(stat: &str) -> Result<Stat> {
    let pid = stat.split(' ').next().unwrap_or_default().parse().context("pid")?;
    // The program's name stands in parentheses and may hold spaces and parentheses; fields are counted behind
    // it.
    let fields: Vec<_> = stat.rsplit(") ").next().unwrap_or_default().split_whitespace().collect();
    let field = |at: usize| fields.get(at).and_then(|text| text.parse::<u64>().ok()).context("stat");
    let parent = u32::try_from(field(1)?).context("parent")?;
    Ok(Stat { pid, parent, ticks: field(11)? + field(12)?, ended_children_ticks: field(13)? + field(14)? })
}

/// A line of `/proc/PID/status`; a process that has ended but is not waited for has no memory.
fn bytes(status: &str, name: &str) -> Result<u64> {
    let Some(line) = status.lines().find_map(|line| line.strip_prefix(name)) else { return Ok(0) };
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().with_context(|| name.to_owned())?;
    Ok(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_stat_is_read_whatever_the_program_is_called() {
        let line = "17 (a) b (c) S 3 17 17 0 -1 4194304 1 2 0 0 250 50 7 3 20 0 8 0 100 1000 10";
        let expected = Stat { pid: 17, parent: 3, ticks: 300, ended_children_ticks: 10 };
        assert_eq!(parse(line).unwrap(), expected);
        assert!(parse("17 (short) S 3").is_err());
    }

    #[test]
    fn descendants_are_found_in_any_order() {
        let stat = |pid, parent| Stat { pid, parent, ticks: 1, ended_children_ticks: 0 };
        let all = vec![stat(9, 8), stat(2, 1), stat(8, 5), stat(5, 1), stat(6, 5)];
        let mut found: Vec<_> = descendants(5, all).iter().map(|stat| stat.pid).collect();
        found.sort_unstable();
        assert_eq!(found, [5, 6, 8, 9]);
        assert!(descendants(4, vec![stat(5, 1)]).is_empty());
    }

    #[test]
    fn memory_is_read_in_bytes() {
        let status = "Name:\tx\nVmHWM:\t   2048 kB\nVmRSS:\t   1024 kB\n";
        assert_eq!((bytes(status, "VmRSS:").unwrap(), bytes(status, "VmHWM:").unwrap()), (1 << 20, 2 << 20));
        assert_eq!(bytes("Name:\tgone\n", "VmRSS:").unwrap(), 0);
    }

    #[test]
    fn a_child_belongs_to_the_family() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let members = members(std::process::id()).unwrap();
        assert!(members.contains(&child.id()) && members.contains(&std::process::id()));
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
