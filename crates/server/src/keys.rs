//! `kontor keys`: lists, makes and revokes API keys, in the store itself.

use kernel::Rng;
use store::{Caller, Filter, World};
use wire::{ApiKey, KeyKind};

use crate::config::{ConfigError, StoreConfig};
use crate::open;

fn failed(error: kernel::ApiError) -> ConfigError {
    ConfigError(error.message().to_owned())
}

fn platform(world: &World) -> Result<String, ConfigError> {
    let none = || ConfigError("There is no platform yet: start `kontor serve` once.".into());
    world.platforms().first().cloned().ok_or_else(none)
}

/// Prints all keys: what is known of them, never the keys.
pub(crate) fn list(config: &StoreConfig) -> Result<(), ConfigError> {
    let world = open::world(config, "")?;
    let keys =
        world.read(&Caller::account(""), |tx| tx.find_all::<ApiKey>(None, &[] as &[Filter], 1_000)).map_err(failed)?;
    say!("{:<28} {:<12} {:<22} {:<22} account", "key", "kind", "made", "revoked");
    for key in keys {
        let kind = match key.kind {
            KeyKind::Secret => "secret",
            KeyKind::Publishable => "publishable",
        };
        let revoked = key.revoked_at.map_or_else(|| "-".to_owned(), |at| at.to_string());
        say!("{:<28} {kind:<12} {:<22} {revoked:<22} {}", key.masked, key.created.to_string(), key.account);
    }
    world.close();
    Ok(())
}

/// Makes a key and prints it: this once, since only its hash is kept.
pub(crate) fn create(config: &StoreConfig, kind: KeyKind, name: Option<String>) -> Result<(), ConfigError> {
    let world = open::world(config, "")?;
    let account = platform(&world)?;
    let prefix = match kind {
        KeyKind::Secret => "sk_test_",
        KeyKind::Publishable => "pk_test_",
    };
    let key = format!("{prefix}{}", Rng::from_entropy(open::entropy()?).base62(24));
    world
        .run_blocking(&Caller::account(&account), None, |tx| {
            wire::create_key(tx, &account, kind, &key, name.clone()).map(drop)
        })
        .map_err(failed)?;
    say!("{key}");
    world.close();
    Ok(())
}

/// Revokes a key, given whole or as it is listed.
pub(crate) fn revoke(config: &StoreConfig, key: &str) -> Result<(), ConfigError> {
    let world = open::world(config, "")?;
    let revoked = world
        .run_blocking(&Caller::account(""), None, |tx| {
            let mut found = match tx.find::<ApiKey>(&wire::hash_key(key))? {
                Some(found) => vec![found],
                None => tx.find_all::<ApiKey>(None, &[Filter::Is("masked", key.into())], 2)?,
            };
            let (Some(mut found), true) = (found.pop(), found.is_empty()) else { return Ok(false) };
            if found.revoked_at.is_none() {
                let Some(current) = tx.find::<ApiKey>(&found.id)? else { return Ok(false) };
                found = current;
                found.revoked_at = Some(tx.now());
                tx.put(&found)?;
            }
            Ok(true)
        })
        .map_err(failed)?;
    world.close();
    if revoked {
        say!("Revoked. A running server refuses it within a second.");
        Ok(())
    } else {
        Err(ConfigError(format!("No single key is {}: `kontor keys list` shows them.", wire::mask_key(key))))
    }
}
