//! The master key: given by the operator, or generated once into the data folder; and the proof, kept in the database,
//! that it is the key with which the database's secrets were sealed.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sqlx::PgPool;

use crate::app::settings::{Settings, decode_master_key};
use crate::base::seal::SealError;
use crate::base::{Clock, Rng, Sealer, Secret};

const PURPOSE: &str = "master_key_check";
const PLAINTEXT: &[u8] = b"signet";

/// Why there is no usable master key. The message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database's secrets were sealed with another key.
    #[error(
        "the master key ({origin}) is not the one that sealed this database's secrets; give the key that was used \
         before, from its backup"
    )]
    Wrong {
        /// Where the key came from.
        origin: String,
    },
    /// The generated key is gone, but the database was sealed with it.
    #[error("{} is missing, but the database's secrets are sealed with it; restore the file from a backup", .0.display())]
    Lost(PathBuf),
    /// The file in the data folder is not a key.
    #[error("{} holds no master key (32 or more bytes in base64); restore the file from a backup", .0.display())]
    Malformed(PathBuf),
    /// A file does not obey.
    #[error("cannot read or write {}: {cause}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The operating system's answer.
        cause: std::io::Error,
    },
    /// The check value cannot be read or written.
    #[error("the master key cannot be checked: {0}")]
    Database(#[from] sqlx::Error),
    /// The key is too short.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// The file of a generated key.
pub fn file(data_dir: &Path) -> PathBuf {
    data_dir.join("master.key")
}

/// The sealer over the settings' key, else over the one in the data folder, else over a new one that is written there.
/// The key is checked against the database; a new database remembers it.
///
/// # Errors
/// See [`Error`].
pub async fn open(settings: &Settings, pool: &PgPool, clock: &dyn Clock, rng: &dyn Rng) -> Result<Sealer, Error> {
    let path = file(&settings.data_dir);
    let check = find_check(pool).await?;
    let (key, origin) = match &settings.master_key {
        Some(key) => (key.clone(), "from the settings".to_owned()),
        None => match read(&path)? {
            Some(key) => (key, path.display().to_string()),
            None if check.is_some() => return Err(Error::Lost(path)),
            None => (generate(&path, rng)?, path.display().to_string()),
        },
    };
    let sealer = Sealer::new(&key)?;
    let check = match check {
        Some(check) => check,
        None => remember(pool, &sealer, clock).await?,
    };
    match sealer.open(PURPOSE, "settings", &check) {
        Ok(plaintext) if plaintext.expose() == PLAINTEXT => Ok(sealer),
        _ => Err(Error::Wrong { origin }),
    }
}

async fn find_check(pool: &PgPool) -> Result<Option<Vec<u8>>, Error> {
    let value = sqlx::query_scalar!("select value #>> '{}' from settings where key = $1", PURPOSE)
        .fetch_optional(pool)
        .await?;
    // A value that is not base64 opens with no key, which is then the answer.
    Ok(value.map(|value| STANDARD.decode(value.unwrap_or_default()).unwrap_or_default()))
}

/// Stores the check value, unless another process was faster, and returns what is stored.
async fn remember(pool: &PgPool, sealer: &Sealer, clock: &dyn Clock) -> Result<Vec<u8>, Error> {
    let sealed = sealer.seal(PURPOSE, "settings", PLAINTEXT)?;
    sqlx::query!(
        "insert into settings (key, value, updated_at) values ($1, to_jsonb($2::text), $3) on conflict (key) do nothing",
        PURPOSE,
        STANDARD.encode(&sealed),
        clock.now(),
    )
    .execute(pool)
    .await?;
    Ok(find_check(pool).await?.unwrap_or_default())
}

fn read(path: &Path) -> Result<Option<Secret<Vec<u8>>>, Error> {
    match std::fs::read_to_string(path) {
        Ok(text) => match decode_master_key(&Secret::new(text)) {
            Some(key) => Ok(Some(key)),
            None => Err(Error::Malformed(path.to_path_buf())),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(Error::Io {
            path: path.to_path_buf(),
            cause,
        }),
    }
}

/// Makes a key and keeps it: the whole file or none, on the disk before anything is sealed with it.
fn generate(path: &Path, rng: &dyn Rng) -> Result<Secret<Vec<u8>>, Error> {
    let mut bytes = vec![0_u8; 32];
    rng.fill(&mut bytes);
    let key = Secret::new(bytes);
    let text = Secret::new(STANDARD.encode(key.expose()) + "\n");
    write_durably(path, text.expose().as_bytes()).map_err(|cause| Error::Io {
        path: path.to_path_buf(),
        cause,
    })?;
    tracing::info!(file = %path.display(), "made a master key; keep a copy of the file in a safe place");
    Ok(key)
}

fn write_durably(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let new = path.with_extension("key.new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    match path.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::base::SeededRng;

    #[test]
    fn a_generated_key_is_private_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path());
        assert!(read(&path).unwrap().is_none());
        let key = generate(&path, &SeededRng::new(1)).unwrap();
        assert_eq!(read(&path).unwrap().unwrap().expose(), key.expose());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_file_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path());
        std::fs::write(&path, "short").unwrap();
        assert!(matches!(read(&path), Err(Error::Malformed(_))));
    }
}
