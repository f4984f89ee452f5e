//! Finds PostgreSQL's server programs: in `PATH`, where `pg_config` says, in the distributions' folders.

use std::ffi::OsStr;
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
    let path = std::env::var_os("PATH").unwrap_or_default();
    for folder in candidates(&path, Path::new("/")) {
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

/// Every folder with the programs: along `path`, where its `pg_config` says, and where distributions put them under
/// `root`.
fn candidates(path: &OsStr, root: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::env::split_paths(path).collect();
    if let Ok(output) = Command::new("pg_config").env("PATH", path).arg("--bindir").output()
        && let Ok(folder) = String::from_utf8(output.stdout)
    {
        folders.push(PathBuf::from(folder.trim()));
    }
    for parent in ["usr/lib/postgresql", "usr/local", "opt"] {
        let Ok(entries) = std::fs::read_dir(root.join(parent)) else {
            continue;
        };
        folders.extend(entries.flatten().map(|entry| entry.path().join("bin")));
    }
    for major in (OLDEST_MAJOR..OLDEST_MAJOR + 20).rev() {
        folders.push(root.join(format!("usr/pgsql-{major}/bin")));
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

    /// Makes a folder with programs that do nothing.
    fn programs(folder: PathBuf, names: &[&str]) -> PathBuf {
        std::fs::create_dir_all(&folder).unwrap();
        for name in names {
            std::fs::write(folder.join(name), "").unwrap();
        }
        folder
    }

    #[test]
    fn programs_are_looked_for_in_path_then_by_pg_config_then_where_distributions_put_them() {
        use std::os::unix::fs::{PermissionsExt, symlink};

        const BOTH: &[&str] = &["initdb", "postgres"];
        let ground = tempfile::tempdir().unwrap();
        let root = ground.path().canonicalize().unwrap();
        let linked_to = programs(root.join("elsewhere/bin"), BOTH);
        let in_path = programs(root.join("home/bin"), &["initdb"]);
        symlink(linked_to.join("postgres"), in_path.join("postgres")).unwrap();
        let clients_only = programs(root.join("clients"), &["initdb"]);
        let configured = programs(root.join("configured/bin"), BOTH);
        let tools = programs(root.join("tools"), &[]);
        let pg_config = tools.join("pg_config");
        std::fs::write(&pg_config, format!("#!/bin/sh\necho {}\n", configured.display())).unwrap();
        std::fs::set_permissions(&pg_config, PermissionsExt::from_mode(0o755)).unwrap();
        let distributions = [
            "usr/lib/postgresql/17/bin",
            "usr/local/pgsql/bin",
            "opt/postgresql/bin",
            "usr/pgsql-16/bin",
        ]
        .map(|folder| programs(root.join(folder), BOTH));
        programs(root.join("usr/pgsql-13/bin"), BOTH);

        let path = std::env::join_paths([in_path, clients_only, tools, PathBuf::from("bin")]).unwrap();
        let found = candidates(&path, &root);
        let expected: Vec<PathBuf> = [linked_to, configured].into_iter().chain(distributions).collect();
        assert_eq!(found, expected);
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
