//! Processes of the cluster that no living Signet looks after: Signet was killed, or PostgreSQL's first process was.
//!
//! They are told by their working directory, which for every process of PostgreSQL is the cluster's folder. A process
//! id in a file proves nothing: after a restart of the machine it may belong to anyone.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use super::Error;
use super::process::{self, Signal};

const PATIENCE_WITH_FAST: Duration = Duration::from_secs(20);
const PATIENCE_WITH_IMMEDIATE: Duration = Duration::from_secs(5);

/// Ends them all, gently first, and returns when none is left.
pub(super) fn end(cluster: &Path) -> Result<(), Error> {
    let postmaster = postmaster_id(cluster);
    let mut stage: Option<Signal> = None;
    let start = Instant::now();
    loop {
        let orphans = find(cluster)?;
        if orphans.is_empty() {
            return Ok(());
        }
        let alive = postmaster.filter(|id| orphans.contains(id));
        let waited = start.elapsed();
        let next = match alive {
            _ if waited > PATIENCE_WITH_FAST + PATIENCE_WITH_IMMEDIATE => Signal::Kill,
            Some(_) if waited <= PATIENCE_WITH_FAST => Signal::Fast,
            // Sessions whose first process is gone end by themselves soon; this hurries them.
            _ => Signal::Immediate,
        };
        if stage != Some(next) {
            tracing::warn!(processes = ?orphans, signal = ?next, "ending PostgreSQL processes of an earlier run");
            stage = Some(next);
            let targets = match (next, alive) {
                (Signal::Fast, Some(id)) => vec![id],
                _ => orphans,
            };
            for id in targets {
                process::send(id, next).map_err(Error::io("end a process of", cluster))?;
            }
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The first process of the cluster as its own file names it; line 1 of `postmaster.pid`.
fn postmaster_id(cluster: &Path) -> Option<u32> {
    fs::read_to_string(cluster.join("postmaster.pid"))
        .ok()?
        .lines()
        .next()?
        .trim()
        .parse()
        .ok()
}

/// Every running process of PostgreSQL whose working directory is the cluster's folder.
fn find(cluster: &Path) -> Result<Vec<u32>, Error> {
    let Ok(own) = fs::metadata(cluster) else {
        return Ok(Vec::new());
    };
    let entries = fs::read_dir("/proc").map_err(Error::io("read", Path::new("/proc")))?;
    let mut found = Vec::new();
    for entry in entries.flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        // Unreadable: another user's, hence not of this cluster. A zombie has no working directory.
        let is_here = fs::metadata(entry.path().join("cwd"))
            .is_ok_and(|other| other.dev() == own.dev() && other.ino() == own.ino());
        // An operator's shell may stand in the folder too.
        let is_postgres = fs::read_to_string(entry.path().join("comm")).is_ok_and(|name| name.trim() == "postgres");
        if is_here && is_postgres {
            found.push(id);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_process_id_of_a_stranger_is_left_alone() {
        let cluster = tempfile::tempdir().unwrap();
        // This very process plays the stranger; it would not survive being taken for an orphan.
        fs::write(
            cluster.path().join("postmaster.pid"),
            format!("{}\n", std::process::id()),
        )
        .unwrap();
        assert_eq!(postmaster_id(cluster.path()), Some(std::process::id()));
        end(cluster.path()).unwrap();
    }

    #[test]
    fn a_shell_that_stands_in_the_folder_is_left_alone() {
        let cluster = tempfile::tempdir().unwrap();
        let mut stranger = std::process::Command::new("sleep")
            .arg("60")
            .current_dir(cluster.path())
            .spawn()
            .unwrap();
        assert!(find(cluster.path()).unwrap().is_empty());
        stranger.kill().unwrap();
        stranger.wait().unwrap();
    }
}
