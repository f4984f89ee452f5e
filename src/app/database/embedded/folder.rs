//! The data folder: what lies in it, whose it is, and the lock that keeps a second Signet out.
//!
//! ```text
//! DATA_DIR/              0700, Signet's user
//!   signet.lock          held while a Signet uses the folder; holds its process id
//!   postgres/            0700, the database's user: the cluster
//!   postgres.new/        a cluster that is being made; left over from a start that was cut off
//!   run/                 0700, the database's user: the socket
//! ```
//!
//! When Signet runs as root, the database does not, and its user may be unable to walk to the data folder (below a home
//! of mode 0700, say); and the address of a unix socket holds 107 bytes only. Both troubles have one answer: Signet
//! opens the folders itself, and everyone names them `/proc/self/fd/N`, which is short and needs no right to walk.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Error;
use super::process::{self, Identity};

/// The socket's file name: PostgreSQL derives it from the port.
const SOCKET: &str = ".s.PGSQL.5432";

/// The data folder, locked for this process.
pub(super) struct Folder {
    path: PathBuf,
    _lock: File,
    /// Whom the cluster belongs to, if not to Signet's own user.
    pub identity: Option<Identity>,
    run: File,
}

impl Folder {
    /// Opens and locks the folder; makes it if need be.
    pub fn open(path: &Path) -> Result<Self, Error> {
        make(path, None)?;
        let mode = fs::metadata(path).map_err(Error::io("look at", path))?.mode();
        if mode & 0o002 != 0 {
            return Err(Error::WorldWritable(path.to_path_buf()));
        }
        let lock = lock(path)?;
        let identity = identity(&path.join("postgres"))?;
        let run = path.join("run");
        make(&run, identity)?;
        fs::set_permissions(&run, Permissions::from_mode(0o700)).map_err(Error::io("protect", &run))?;
        let run = File::open(&run).map_err(Error::io("open", &run))?;
        Ok(Self {
            path: path.to_path_buf(),
            _lock: lock,
            identity,
            run,
        })
    }

    /// The cluster's folder.
    pub fn cluster(&self) -> PathBuf {
        self.path.join("postgres")
    }

    /// The cluster's major version; `None`: there is no cluster yet.
    pub fn major(&self) -> Result<Option<u32>, Error> {
        let file = self.cluster().join("PG_VERSION");
        match fs::read_to_string(&file) {
            Ok(text) => text
                .trim()
                .parse()
                .map(Some)
                .map_err(|_| Error::NoCluster(self.cluster())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if self.cluster().exists() {
                    return Err(Error::NoCluster(self.cluster()));
                }
                Ok(None)
            }
            Err(error) => Err(Error::io("read", &file)(error)),
        }
    }

    /// An empty folder to make a cluster in; what an earlier attempt left there is removed.
    pub fn make_new_cluster(&self) -> Result<PathBuf, Error> {
        let new = self.path.join("postgres.new");
        // An initdb that was just cut off may still write for a moment.
        for attempt in 0..20 {
            match fs::remove_dir_all(&new) {
                Ok(()) => break,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => break,
                Err(_) if attempt < 19 => std::thread::sleep(Duration::from_millis(50)),
                Err(error) => return Err(Error::io("remove", &new)(error)),
            }
        }
        make(&new, self.identity)?;
        Ok(new)
    }

    /// Puts a finished new cluster into its place.
    pub fn keep_new_cluster(&self, new: &Path) -> Result<(), Error> {
        fs::rename(new, self.cluster()).map_err(Error::io("rename", new))?;
        let parent = File::open(&self.path).map_err(Error::io("open", &self.path))?;
        parent.sync_all().map_err(Error::io("write", &self.path))
    }

    /// The open folder of the socket.
    pub fn run(&self) -> &File {
        &self.run
    }

    /// Removes what a server that is gone left behind, so that PostgreSQL does not mistake a stranger that has its old
    /// process id for itself. Only to be called when no process of the cluster is left.
    pub fn remove_leftovers(&self) -> Result<(), Error> {
        let leftovers = [
            self.cluster().join("postmaster.pid"),
            self.path.join("run").join(SOCKET),
            self.path.join("run").join(format!("{SOCKET}.lock")),
        ];
        for file in leftovers {
            match fs::remove_file(&file) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::io("remove", &file)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The socket folder of a cluster that another Signet runs.
pub(super) fn open_run(path: &Path) -> Result<File, Error> {
    let run = path.join("run");
    File::open(&run).map_err(Error::io("open", &run))
}

/// A name of the open file that works in this process, and in a child that inherits it.
pub(super) fn name(file: &File) -> String {
    format!("/proc/self/fd/{}", file.as_raw_fd())
}

/// The socket's name in this process.
pub(super) fn socket(run: &File) -> PathBuf {
    Path::new(&name(run)).join(SOCKET)
}

/// Makes a folder that only its owner can enter, or takes an existing one; hands it to `owner`.
fn make(path: &Path, owner: Option<Identity>) -> Result<(), Error> {
    if !path.is_dir() {
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(path).map_err(Error::io("make", path))?;
    }
    if let Some(owner) = owner {
        std::os::unix::fs::chown(path, Some(owner.uid), Some(owner.gid)).map_err(Error::io("hand over", path))?;
        fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(Error::io("protect", path))?;
    }
    Ok(())
}

/// Takes the lock. The kernel gives it back when the process ends, however that happens.
fn lock(path: &Path) -> Result<File, Error> {
    let file_path = path.join("signet.lock");
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let mut file = options.open(&file_path).map_err(Error::io("open", &file_path))?;
    // One that was just killed may need a moment to be gone.
    for attempt in 0..10 {
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0).map_err(Error::io("write", &file_path))?;
                writeln!(file, "{}", std::process::id()).map_err(Error::io("write", &file_path))?;
                return Ok(file);
            }
            Err(TryLockError::WouldBlock) if attempt < 9 => std::thread::sleep(Duration::from_millis(50)),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(Error::io("lock", &file_path)(error)),
        }
    }
    let mut holder = String::new();
    let _ = file.read_to_string(&mut holder);
    Err(Error::InUse {
        folder: path.to_path_buf(),
        process: holder.trim().parse().ok(),
    })
}

/// Whom the cluster belongs to, or shall belong to. PostgreSQL refuses to run as root.
fn identity(cluster: &Path) -> Result<Option<Identity>, Error> {
    let own = process::effective_uid();
    let owner = fs::metadata(cluster).ok().map(|metadata| Identity {
        uid: metadata.uid(),
        gid: metadata.gid(),
    });
    match owner {
        Some(owner) if own == 0 && owner.uid == 0 => Err(Error::OwnedByRoot(cluster.to_path_buf())),
        Some(owner) if own == 0 => Ok(Some(owner)),
        Some(owner) if owner.uid != own => Err(Error::OwnedByOther {
            cluster: cluster.to_path_buf(),
            uid: owner.uid,
        }),
        None if own == 0 => {
            let users = fs::read_to_string("/etc/passwd").map_err(Error::io("read", Path::new("/etc/passwd")))?;
            let found = ["postgres", "nobody"].iter().find_map(|name| find_user(&users, name));
            found.map(Some).ok_or(Error::NoUser)
        }
        _ => Ok(None),
    }
}

fn find_user(users: &str, name: &str) -> Option<Identity> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let is_it = fields.next() == Some(name);
        let uid: u32 = fields.nth(1)?.parse().ok()?;
        let gid: u32 = fields.next()?.parse().ok()?;
        (is_it && uid != 0).then_some(Identity { uid, gid })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_the_whole_name() {
        let users = "root:x:0:0:root:/root:/bin/sh\npostgresx:x:5:5::/:\npostgres:x:110:117:,,,:/var/lib:/bin/sh\n";
        assert_eq!(find_user(users, "postgres"), Some(Identity { uid: 110, gid: 117 }));
        assert_eq!(find_user(users, "nobody"), None);
        assert_eq!(find_user(users, "root"), None);
    }

    #[test]
    fn the_folder_is_private_and_locked() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("data");
        let folder = Folder::open(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
        assert_eq!(fs::metadata(path.join("run")).unwrap().mode() & 0o777, 0o700);
        assert_eq!(fs::metadata(path.join("signet.lock")).unwrap().mode() & 0o777, 0o600);
        let Err(Error::InUse { process, .. }) = Folder::open(&path) else {
            panic!("the lock did not hold");
        };
        assert_eq!(process, Some(std::process::id()));
        drop(folder);
        assert!(Folder::open(&path).is_ok());
    }

    #[test]
    fn a_folder_that_everyone_may_write_to_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        fs::set_permissions(parent.path(), Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(Folder::open(parent.path()), Err(Error::WorldWritable(_))));
    }

    #[test]
    fn a_cluster_folder_without_a_cluster_is_not_overwritten() {
        let parent = tempfile::tempdir().unwrap();
        let folder = Folder::open(parent.path()).unwrap();
        assert_eq!(folder.major().unwrap(), None);
        fs::create_dir(folder.cluster()).unwrap();
        assert!(matches!(folder.major(), Err(Error::NoCluster(_))));
        fs::write(folder.cluster().join("PG_VERSION"), "15\n").unwrap();
        assert_eq!(folder.major().unwrap(), Some(15));
    }
}
