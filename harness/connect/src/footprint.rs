//! What a process holds of memory and files, by the kernel's account.

use std::fs;

/// What a process holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Footprint {
    /// Memory in KiB.
    pub(crate) memory: u64,
    /// Open files.
    pub(crate) files: usize,
}

impl Footprint {
    /// What the process of this number holds; `None` where nobody says.
    pub(crate) fn of(process: u32) -> Option<Self> {
        let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?;
        let memory = line.split_whitespace().next()?.parse().ok()?;
        let files = fs::read_dir(format!("/proc/{process}/fd")).ok()?.count();
        Some(Self { memory, files })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_process_holds_memory_and_the_standard_streams() {
        let held = Footprint::of(std::process::id());
        assert!(held.is_some_and(|held| held.memory > 100 && held.files >= 3));
        assert_eq!(Footprint::of(u32::MAX), None);
    }
}
