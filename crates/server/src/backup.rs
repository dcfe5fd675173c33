//! `kontor backup` and `kontor restore`: the whole store in one file, from either engine and for either engine.

use std::path::PathBuf;

use clap::Args;
use store::StoreError;
use store::backup::{self, Location, Manifest, Notes};

use crate::config::{ConfigError, StoreConfig, StoreOptions, parse_master_key};
use crate::{audit, open};

/// What `kontor backup` can be told.
#[derive(Debug, Args)]
pub(crate) struct BackupOptions {
    #[command(flatten)]
    pub(crate) store: StoreOptions,

    /// Where the backup goes: a new file
    file: PathBuf,

    /// Put the key of private fields into the backup as well: whoever has the file can then read everything
    #[arg(long)]
    with_master_key: bool,
}

/// What `kontor restore` can be told.
#[derive(Debug, Args)]
pub(crate) struct RestoreOptions {
    #[command(flatten)]
    pub(crate) store: StoreOptions,

    /// A file made by `kontor backup`
    file: PathBuf,
}

/// The manifest's entry with the key itself, when it is included.
const KEY: &str = "master_key";
/// The manifest's entry with a text sealed by the key: by it the right key is known without being told.
const KEY_CHECK: &str = "master_key_check";

fn location(config: &StoreConfig) -> Location {
    match &config.database_url {
        Some(url) => Location::Postgres(url.clone()),
        None => Location::Sqlite(open::database_file(config)),
    }
}

/// Writes a backup of a store that may be in use, and audits it. Answers whether what is in it is clean.
pub(crate) fn write(options: BackupOptions) -> Result<bool, ConfigError> {
    let BackupOptions { store, file, with_master_key } = options;
    let config = store.resolve()?;
    let key = open::known_master_key(&config)?;
    let mut others = Vec::new();
    if let Some(key) = key {
        others.push((KEY_CHECK.to_owned(), open::seal_key_check(key)?));
    }
    match key {
        Some(key) if with_master_key => others.push((KEY.to_owned(), hex::encode(key))),
        None if with_master_key => {
            return Err(ConfigError(format!(
                "There is no master key in {}: leave --with-master-key away, or name the key with --master-key.",
                config.data.display()
            )));
        }
        _ => {}
    }
    let notes = Notes { created: now(), kontor: env!("CARGO_PKG_VERSION").to_owned(), others };
    let failed = |error: StoreError| ConfigError(format!("No backup was made: {error}."));
    let manifest = backup::write(&location(&config), &open::schema(), &file, &notes).map_err(failed)?;
    println!("{} rows of {} tables are in {}.", manifest.all_rows(), manifest.tables().len(), file.display());
    println!("sha256 {}", manifest.sha256);
    let reader = backup::reader(&file).map_err(failed)?;
    let clean = audit::verdict(&*reader)?;
    if with_master_key {
        println!("The master key is in it: whoever has this file can read all private fields.");
    } else if 0 < manifest.rows("sealed") {
        let place = match config.master_key {
            Some(_) => "the key that you gave".to_owned(),
            None => open::key_file(&config).display().to_string(),
        };
        println!(
            "The master key is NOT in it. Without it private fields are lost: keep {place} in another safe place."
        );
    }
    if !clean {
        println!("The audit found faults: they are in the store as well, and the backup has it as it is.");
    }
    Ok(clean)
}

/// Fills an empty store from a backup, and audits it. Answers whether it can be used.
pub(crate) fn read(options: RestoreOptions) -> Result<bool, ConfigError> {
    let RestoreOptions { store, file } = options;
    let config = store.resolve()?;
    let failed = |error: StoreError| ConfigError(format!("Nothing was restored: {error}."));
    let manifest = backup::manifest(&file).map_err(failed)?;
    let key = choose_key(&manifest, &config)?;
    open::make_folder(&config.data)?;
    let unfinished = |error: StoreError| ConfigError(format!("The restore did not end: {error}."));
    let restored = backup::read(&file, &location(&config), &open::schema()).map_err(unfinished)?;
    println!("{} rows of {} tables are restored.", manifest.all_rows(), manifest.tables().len());
    if !audit::verdict(restored.reader())? {
        println!("The audit found faults: the store stays marked as incomplete and will not start.");
        return Ok(false);
    }
    if let Some(key) = key {
        open::write_private(&open::key_file(&config), &key)?;
    }
    restored.finish().map_err(unfinished)?;
    println!("The store can be used.");
    Ok(true)
}

/// The backup's own key when it must be written beside the store; `None` when the right one is there already, or none is
/// needed.
fn choose_key(manifest: &Manifest, config: &StoreConfig) -> Result<Option<[u8; 32]>, ConfigError> {
    let opens = |key: [u8; 32]| manifest.entry(KEY_CHECK).is_none_or(|check| open::opens_key_check(key, check));
    match (open::known_master_key(config)?, manifest.entry(KEY)) {
        (Some(key), _) if opens(key) => Ok(None),
        (Some(_), _) => Err(ConfigError(format!(
            "Nothing was restored: the master key of {} is not the one that the backup's private fields were encrypted with.",
            config.data.display()
        ))),
        (None, Some(key)) => parse_master_key(key).map(Some),
        (None, None) if manifest.rows("sealed") == 0 => Ok(None),
        (None, None) => Err(no_key(config)),
    }
}

fn no_key(config: &StoreConfig) -> ConfigError {
    ConfigError(format!(
        "Nothing was restored: the backup has private fields and not their master key. Put the key's file at {}, or give \
         --master-key.",
        open::key_file(config).display()
    ))
}

#[expect(clippy::disallowed_methods, reason = "a backup is made at the machine's time, not the world's")]
fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
