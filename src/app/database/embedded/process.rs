//! The few system calls that std does not offer. All `unsafe` code of Signet is in this file.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::RawFd;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// The user and group that the cluster belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    pub uid: u32,
    pub gid: u32,
}

/// What to tell a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// SIGINT: PostgreSQL ends its sessions, writes a checkpoint and stops ("fast").
    Fast,
    /// SIGQUIT: PostgreSQL stops at once and recovers at the next start ("immediate").
    Immediate,
    /// SIGKILL.
    Kill,
}

/// The effective user of this process.
pub(super) fn effective_uid() -> u32 {
    // SAFETY: geteuid takes nothing, changes nothing and cannot fail.
    unsafe { libc::geteuid() }
}

/// Makes the command's process a child that cannot outlive the calling *thread*: it gets `at_death` when that thread
/// ends (with the process or before it). It leads a session of its own, so that Ctrl-C in a terminal reaches only Signet;
/// it runs as `identity`, if one is given; and it inherits the two descriptors in `keep`.
pub(super) fn confine(command: &mut Command, identity: Option<Identity>, keep: [RawFd; 2], at_death: Signal) {
    let parent = i64::from(std::process::id());
    // SAFETY: between fork and exec only async-signal-safe system calls are made; nothing is allocated, no lock is
    // taken; the closure owns plain integers only. The descriptors in `keep` are open in the parent while it spawns.
    unsafe {
        command.pre_exec(move || {
            libc::umask(0o077);
            check(libc::setsid())?;
            for descriptor in keep {
                check(libc::fcntl(descriptor, libc::F_SETFD, 0))?;
            }
            if let Some(identity) = identity {
                check(libc::setgroups(0, std::ptr::null()))?;
                check(libc::setgid(identity.gid))?;
                check(libc::setuid(identity.uid))?;
            }
            // After the change of user, which resets it.
            check(libc::prctl(libc::PR_SET_PDEATHSIG, number(at_death)))?;
            if i64::from(libc::getppid()) != parent {
                // Signet died before the line above.
                libc::_exit(1);
            }
            Ok(())
        });
    }
}

/// Waits until the child has ended, but leaves it to be reaped: its number stays taken, so that a signal that another
/// thread sends meanwhile cannot hit a stranger.
pub(super) fn wait_without_reaping(pid: u32) -> io::Result<()> {
    loop {
        // SAFETY: an all-zero siginfo_t is a valid value of that plain C struct, and waitid writes only into it.
        let result = unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            check(libc::waitid(
                libc::P_PID,
                pid,
                &raw mut info,
                libc::WEXITED | libc::WNOWAIT,
            ))
        };
        match result {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// Sends a signal. A process that is gone already is no error.
pub(super) fn send(pid: u32, signal: Signal) -> io::Result<()> {
    let pid = i32::try_from(pid).map_err(|_| io::ErrorKind::InvalidInput)?;
    // SAFETY: kill takes two integers and touches no memory of ours. `pid` is positive: one process, no group.
    match check(unsafe { libc::kill(pid, number(signal)) }) {
        Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(()),
        other => other,
    }
}

fn number(signal: Signal) -> libc::c_int {
    match signal {
        Signal::Fast => libc::SIGINT,
        Signal::Immediate => libc::SIGQUIT,
        Signal::Kill => libc::SIGKILL,
    }
}

fn check(result: libc::c_int) -> io::Result<()> {
    if result == -1 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}
