//! Opening a world: the data folder, its keys, the engine, the schema and the route table.

use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kernel::Rng;
use store::{Clock, Reader, Schema, Vault, World, WorldSettings};
use wire::{Api, ApiBuilder};
use workers::JobHandlers;

use crate::config::{ConfigError, StoreConfig};

/// Connections that read at the same time.
const READERS: usize = 4;

/// Every kind of document that Kontor keeps.
pub fn schema() -> Schema {
    let kinds = [wire::kinds(), accounts::kinds(), funds::kinds(), payments::kinds(), workers::kinds()];
    Schema::new(kinds.into_iter().flatten())
}

/// The route table over a world.
pub fn api(world: Arc<World>) -> Api {
    ApiBuilder::default()
        .routes(accounts::routes())
        .routes(funds::routes())
        .routes(payments::routes())
        .routes(workers::routes())
        .expanders(funds::expanders())
        .expanders(payments::expanders())
        .build(world)
}

/// The handlers of all jobs.
pub fn job_handlers() -> JobHandlers {
    [accounts::jobs(), funds::jobs(), payments::jobs()].into_iter().flatten().collect()
}

/// Both sides of the store.
enum Sides {
    Sqlite(Arc<dyn Reader>, store::sqlite::SqliteEngine),
    Postgres(Arc<dyn Reader>, store::postgres::PostgresEngine),
}

impl Sides {
    fn reader(&self) -> &dyn Reader {
        match self {
            Sides::Sqlite(reader, _) | Sides::Postgres(reader, _) => &**reader,
        }
    }
}

fn open_sides(config: &StoreConfig, schema: &Schema) -> Result<Sides, ConfigError> {
    let unusable = |error: store::StoreError| ConfigError(format!("The store cannot be opened: {error}."));
    match &config.database_url {
        None => {
            let (reader, engine) = store::sqlite::open(&database_file(config), schema, READERS).map_err(unusable)?;
            Ok(Sides::Sqlite(reader, engine))
        }
        Some(url) => {
            let (reader, engine) = store::postgres::open(url, schema, READERS).map_err(unusable)?;
            Ok(Sides::Postgres(reader, engine))
        }
    }
}

/// Brings the store up to date, and reads it as it is then, whatever a server beside writes.
pub(crate) fn snapshot(config: &StoreConfig) -> Result<Arc<dyn Reader>, ConfigError> {
    make_folder(&config.data)?;
    drop(open_sides(config, &schema())?);
    let snapshot = match &config.database_url {
        None => store::sqlite::snapshot(&database_file(config)),
        Some(url) => store::postgres::snapshot(url),
    };
    snapshot.map_err(unreadable)
}

/// Opens the world: its store, its clock where it was, its vault.
pub(crate) fn world(config: &StoreConfig, base_url: &str) -> Result<World, ConfigError> {
    make_folder(&config.data)?;
    let schema = schema();
    let settings = WorldSettings::sandbox(base_url);
    let seed = entropy()?;
    let rng = Rng::from_entropy(seed);
    let sides = open_sides(config, &schema)?;
    let key = master_key(config, sides.reader())?;
    let vault = Vault::new(key);
    let opened = match sides {
        Sides::Sqlite(reader, engine) => {
            let clock = clock(&*reader)?;
            World::open(reader, engine, schema, clock, rng, vault, settings)
        }
        Sides::Postgres(reader, engine) => {
            let clock = clock(&*reader)?;
            World::open(reader, engine, schema, clock, rng, vault, settings)
        }
    };
    let world = opened.map_err(|error| ConfigError(format!("The store cannot be opened: {error}.")))?;
    note_master_key(&world, key)?;
    Ok(world)
}

/// The setting with a text sealed by the master key: by it the right key is known without being told.
const KEY_CHECK: &str = "master_key_check";
const CHECKED: &str = "kontor";

/// Notes by which text the key is known, in a store that does not have it yet.
fn note_master_key(world: &World, key: [u8; 32]) -> Result<(), ConfigError> {
    if world.reader().setting(KEY_CHECK).map_err(unreadable)?.is_some() {
        return Ok(());
    }
    let check = seal_key_check(key)?;
    world
        .run_blocking(&store::Caller::account(""), None, |tx| {
            tx.set(KEY_CHECK, &check);
            Ok(())
        })
        .map_err(|error| ConfigError(format!("The store cannot be written: {error}")))
}

fn unreadable(error: store::StoreError) -> ConfigError {
    ConfigError(format!("The store cannot be read: {error}."))
}

/// A text that only this key opens.
pub(crate) fn seal_key_check(key: [u8; 32]) -> Result<String, ConfigError> {
    let mut rng = Rng::from_entropy(entropy()?);
    let sealed = Vault::new(key).seal(CHECKED, CHECKED.as_bytes(), &mut rng);
    sealed.map(hex::encode).map_err(|error| ConfigError(error.to_string()))
}

/// Whether the text was sealed by this key.
pub(crate) fn opens_key_check(key: [u8; 32], check: &str) -> bool {
    hex::decode(check).is_ok_and(|sealed| Vault::new(key).open(CHECKED, &sealed).is_ok())
}

fn clock(reader: &dyn Reader) -> Result<Clock, ConfigError> {
    let offset = reader.setting(workers::CLOCK_OFFSET).map_err(|error| ConfigError(error.to_string()))?;
    Ok(Clock::real(offset.and_then(|ms| ms.parse().ok()).unwrap_or(0)))
}

/// The file of the embedded store.
pub(crate) fn database_file(config: &StoreConfig) -> PathBuf {
    config.data.join("kontor.sqlite")
}

/// The data folder, readable by its owner only.
pub(crate) fn make_folder(data: &Path) -> Result<(), ConfigError> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data)
        .map_err(|error| ConfigError(format!("The data folder {} cannot be made: {error}.", data.display())))
}

/// The key for private fields: as configured, or from its file, which the first start makes.
///
/// A key that the store's private fields were not encrypted with is refused: with it they could not be read, and what is
/// added could not be read with the right one.
fn master_key(config: &StoreConfig, reader: &dyn Reader) -> Result<[u8; 32], ConfigError> {
    let check = reader.setting(KEY_CHECK).map_err(unreadable)?;
    match (known_master_key(config)?, check) {
        (Some(key), None) => Ok(key),
        (Some(key), Some(check)) if opens_key_check(key, &check) => Ok(key),
        (None, None) => {
            // The file first: a store that knows a key which nobody has could not be opened again.
            let key = entropy()?;
            write_private(&key_file(config), &key)?;
            Ok(key)
        }
        (_, Some(_)) => Err(ConfigError(format!(
            "The master key is not the one that this store's private fields are encrypted with: put the right one at {}, \
             or give --master-key.",
            key_file(config).display()
        ))),
    }
}

/// The file of the key for private fields, when it is not configured.
pub(crate) fn key_file(config: &StoreConfig) -> PathBuf {
    config.data.join("master.key")
}

/// The key for private fields, when there is one already.
pub(crate) fn known_master_key(config: &StoreConfig) -> Result<Option<[u8; 32]>, ConfigError> {
    if let Some(key) = config.master_key {
        return Ok(Some(key));
    }
    let path = key_file(config);
    match std::fs::read(&path) {
        Ok(bytes) => bytes
            .try_into()
            .map(Some)
            .map_err(|_| ConfigError(format!("The key file {} is damaged: it must have 32 bytes.", path.display()))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ConfigError(format!("The key file {} cannot be read: {error}.", path.display()))),
    }
}

/// Writes a new file that only its owner can read, whole before it has its name.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), ConfigError> {
    let unwritable = |error: std::io::Error| ConfigError(format!("{} cannot be written: {error}.", path.display()));
    let temporary = path.with_extension("new");
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)
        .map_err(unwritable)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(unwritable)?;
    std::fs::rename(&temporary, path).map_err(unwritable)
}

/// 32 random bytes from the system.
pub(crate) fn entropy() -> Result<[u8; 32], ConfigError> {
    use rand::TryRng;
    let mut seed = [0; 32];
    rand::rngs::SysRng
        .try_fill_bytes(&mut seed)
        .map_err(|error| ConfigError(format!("The system gives no randomness: {error}.")))?;
    Ok(seed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_right_key_is_known_by_its_check() {
        let check = seal_key_check([7; 32]).unwrap();
        assert!(opens_key_check([7; 32], &check));
        assert!(!opens_key_check([8; 32], &check));
        assert!(!opens_key_check([7; 32], "no check"));
        assert!(!check.contains(&hex::encode([7; 32])));
    }
}
