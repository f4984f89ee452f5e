//! Finds PostgreSQL's server programs: in `PATH`, where `pg_config` says, in the distributions' folders.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::Error;

/// The oldest major version that Signet's schema runs on.
pub(in crate::app) const OLDEST_MAJOR: u32 = 14;

/// One installed version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Programs {
    pub folder: PathBuf,
    pub major: u32,
}

/// The newest installed version, or the one that wrote the existing cluster.
pub(super) fn find(existing_major: Option<u32>) -> Result<Programs, Error> {
    let mut installed: Vec<Programs> = Vec::new();
    for folder in candidates() {
        if installed.iter().all(|programs| programs.folder != folder)
            && let Some(major) = major_of(&folder)
        {
            installed.push(Programs { folder, major });
        }
    }
    choose(installed, existing_major)
}

fn choose(installed: Vec<Programs>, existing_major: Option<u32>) -> Result<Programs, Error> {
    let found: Vec<u32> = installed.iter().map(|programs| programs.major).collect();
    match existing_major {
        Some(major) => installed
            .into_iter()
            .find(|programs| programs.major == major)
            .ok_or(Error::OtherMajor { major, found }),
        None => {
            let mut newest: Option<Programs> = None;
            // The first of equals: PATH goes before the distribution's folders.
            for programs in installed {
                if newest.as_ref().is_none_or(|other| programs.major > other.major) {
                    newest = Some(programs);
                }
            }
            newest
                .filter(|programs| programs.major >= OLDEST_MAJOR)
                .ok_or(Error::NoPrograms { found })
        }
    }
}

fn candidates() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect())
        .unwrap_or_default();
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output()
        && let Ok(folder) = String::from_utf8(output.stdout)
    {
        folders.push(PathBuf::from(folder.trim()));
    }
    for parent in ["/usr/lib/postgresql", "/usr/local", "/opt"] {
        let Ok(entries) = std::fs::read_dir(parent) else {
            continue;
        };
        folders.extend(entries.flatten().map(|entry| entry.path().join("bin")));
    }
    for major in (OLDEST_MAJOR..OLDEST_MAJOR + 20).rev() {
        folders.push(PathBuf::from(format!("/usr/pgsql-{major}/bin")));
    }
    folders
        .into_iter()
        .filter(|folder| folder.is_absolute())
        .filter(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
        // Distributions link from /usr/bin: the programs look for their files beside where they really are.
        .filter_map(|folder| Some(folder.join("postgres").canonicalize().ok()?.parent()?.to_path_buf()))
        .collect()
}

fn major_of(folder: &Path) -> Option<u32> {
    let output = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
    parse_version(&String::from_utf8(output.stdout).ok()?)
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`, `postgres (PostgreSQL) 18beta1`
fn parse_version(text: &str) -> Option<u32> {
    let version = text.split_once("(PostgreSQL) ")?.1;
    let end = version
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(version.len());
    version.get(..end)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installed(majors: &[u32]) -> Vec<Programs> {
        majors
            .iter()
            .enumerate()
            .map(|(number, major)| Programs {
                folder: PathBuf::from(format!("/{number}")),
                major: *major,
            })
            .collect()
    }

    #[test]
    fn a_version_is_read_from_what_the_program_says() {
        assert_eq!(
            parse_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"),
            Some(15)
        );
        assert_eq!(parse_version("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(parse_version("mysqld 8"), None);
    }

    #[test]
    fn a_new_cluster_takes_the_newest_and_the_first_of_equals() {
        let chosen = choose(installed(&[15, 17, 14, 17]), None).unwrap();
        assert_eq!((chosen.major, chosen.folder), (17, PathBuf::from("/1")));
    }

    #[test]
    fn an_existing_cluster_takes_its_own_major() {
        assert_eq!(choose(installed(&[17, 15]), Some(15)).unwrap().major, 15);
        assert!(matches!(
            choose(installed(&[17]), Some(15)),
            Err(Error::OtherMajor { major: 15, .. })
        ));
    }

    #[test]
    fn nothing_or_only_too_old_versions_is_an_error_that_says_what_to_install() {
        assert!(matches!(choose(Vec::new(), None), Err(Error::NoPrograms { .. })));
        let error = choose(installed(&[13]), None).unwrap_err().to_string();
        assert!(
            error.contains("apt-get install postgresql") && error.contains("13"),
            "{error}"
        );
    }
}
