//! The first start: a platform, its keys, and two sellers that can already be paid.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use kernel::{Rng, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Caller, World};
use wire::{Api, KeyKind, Request};

use crate::config::{ConfigError, ServeConfig};
use crate::open::{entropy, write_private};

/// What `kontor serve` shows people. The store keeps only hashes of keys; a sandbox's keys are also kept in this file of
/// the data folder, readable by its owner, so that a restart and `kontor demo` find them again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SandboxKeys {
    /// The platform's account.
    pub(crate) platform: String,
    /// Its secret key.
    pub(crate) secret_key: String,
    /// Its publishable key.
    pub(crate) publishable_key: String,
    /// Its Connect application.
    pub(crate) application: String,
    /// Connected accounts that can be paid.
    pub(crate) sellers: Vec<String>,
    /// Where the server was reached last.
    #[serde(default)]
    pub(crate) address: String,
}

const FILE: &str = "sandbox-keys.toml";

impl SandboxKeys {
    /// The keys in a data folder, when its server was ever started.
    pub(crate) fn read(data: &Path) -> Option<SandboxKeys> {
        toml::from_str(&std::fs::read_to_string(data.join(FILE)).ok()?).ok()
    }

    fn write(&self, data: &Path) -> Result<(), ConfigError> {
        let text = toml::to_string(self).map_err(|error| ConfigError(error.to_string()))?;
        write_private(&data.join(FILE), text.as_bytes())
    }
}

/// Makes what a world needs to be used at once, unless it is there.
pub(crate) async fn seed(api: &Api, config: &ServeConfig, address: &str) -> Result<SandboxKeys, ConfigError> {
    let world = api.world();
    let known = SandboxKeys::read(&config.store.data).filter(|keys| world.is_platform(&keys.platform));
    let mut keys = match known {
        Some(keys) => keys,
        None => first_start(world, config).await?,
    };
    if let Some(chosen) = &config.secret_key {
        keys.secret_key.clone_from(chosen);
        ensure_key(world, &keys.platform, KeyKind::Secret, chosen).await?;
    }
    address.clone_into(&mut keys.address);
    keys.write(&config.store.data)?;
    if keys.sellers.is_empty() {
        // A world that was restored, or is opened from another folder, has sellers of its own.
        keys.sellers = existing_sellers(api, &keys.secret_key).await?;
        keys.write(&config.store.data)?;
    }
    if keys.sellers.is_empty() && config.country.code == "US" {
        for (name, email) in [("Ada Baker", "ada@example.com"), ("Ben Carter", "ben@example.com")] {
            keys.sellers.push(open_seller(api, &keys.secret_key, name, email).await?);
        }
        keys.write(&config.store.data)?;
    }
    Ok(keys)
}

/// A platform without a keys file beside it: a new world, or an existing one on PostgreSQL opened from another folder.
async fn first_start(world: &Arc<World>, config: &ServeConfig) -> Result<SandboxKeys, ConfigError> {
    let failed = |error: kernel::ApiError| ConfigError(format!("The first start failed: {error}"));
    let mut rng = Rng::from_entropy(entropy()?);
    let nobody = Caller::account("");
    let existing = world.platforms().first().cloned();
    let platform = match &existing {
        Some(id) => id.clone(),
        None => {
            let new = accounts::NewPlatform {
                country: config.country.code.to_owned(),
                email: "platform@example.com".to_owned(),
                display_name: "My marketplace".to_owned(),
            };
            world
                .run(&nobody, &store::Origin::default(), |tx| {
                    let platform = accounts::create_platform(tx, &new)?;
                    world.add_platform(tx, &platform.id);
                    Ok(platform.id.clone())
                })
                .await
                .map_err(failed)?
        }
    };
    let application = world
        .read(&nobody, |tx| accounts::application(tx, &platform).map(|application| application.id))
        .map_err(failed)?;
    let body = rng.base62(24);
    let secret_key = config.secret_key.clone().unwrap_or_else(|| format!("sk_test_{body}"));
    let publishable_key = format!("pk_test_{}", rng.base62(24));
    ensure_key(world, &platform, KeyKind::Secret, &secret_key).await?;
    ensure_key(world, &platform, KeyKind::Publishable, &publishable_key).await?;
    let sellers = Vec::new();
    Ok(SandboxKeys { platform, secret_key, publishable_key, application, sellers, address: String::new() })
}

/// Keeps the key for the account, unless it is there.
async fn ensure_key(world: &World, account: &str, kind: KeyKind, key: &str) -> Result<(), ConfigError> {
    world
        .run(&Caller::account(account), &store::Origin::default(), |tx| {
            match tx.find::<wire::ApiKey>(&wire::hash_key(key))? {
                Some(_) => Ok(()),
                None => wire::create_key(tx, account, kind, key, Some("made at start".into())).map(drop),
            }
        })
        .await
        .map_err(|error| ConfigError(format!("The key cannot be kept: {error}")))
}

/// Opens a seller as a platform would: through the API, with everything that an American individual needs.
async fn open_seller(api: &Api, key: &str, name: &str, email: &str) -> Result<String, ConfigError> {
    let (first, last) = name.split_once(' ').unwrap_or((name, name));
    let accepted = Timestamp(api.world().now().0).0.to_string();
    let form = [
        ("type", "custom"),
        ("country", "US"),
        ("email", email),
        ("business_type", "individual"),
        ("business_profile[mcc]", "5734"),
        ("business_profile[name]", name),
        ("business_profile[product_description]", "Things made by hand"),
        ("business_profile[support_phone]", "+14155550100"),
        ("capabilities[card_payments][requested]", "true"),
        ("capabilities[transfers][requested]", "true"),
        ("individual[first_name]", first),
        ("individual[last_name]", last),
        ("individual[email]", email),
        ("individual[phone]", "+14155550100"),
        ("individual[dob][day]", "1"),
        ("individual[dob][month]", "1"),
        ("individual[dob][year]", "1902"),
        ("individual[ssn_last_4]", "0000"),
        ("individual[address][line1]", "address_full_match"),
        ("individual[address][city]", "San Francisco"),
        ("individual[address][state]", "CA"),
        ("individual[address][postal_code]", "94107"),
        ("individual[address][country]", "US"),
        ("settings[payments][statement_descriptor]", "HANDMADE THINGS"),
        ("tos_acceptance[date]", &accepted),
        ("tos_acceptance[ip]", "127.0.0.1"),
        ("external_account[object]", "bank_account"),
        ("external_account[country]", "US"),
        ("external_account[currency]", "usd"),
        ("external_account[routing_number]", "110000000"),
        ("external_account[account_number]", "000123456789"),
        ("metadata[made_by]", "first start"),
    ];
    let answer = ask(api, key, http::Method::POST, "", crate::client::encode(&form)).await?;
    match answer["id"].as_str() {
        Some(id) => Ok(id.to_owned()),
        None => Err(ConfigError(format!("A seller cannot be opened: {}", answer["error"]["message"]))),
    }
}

/// The two newest connected accounts.
async fn existing_sellers(api: &Api, key: &str) -> Result<Vec<String>, ConfigError> {
    let answer = ask(api, key, http::Method::GET, "limit=2", String::new()).await?;
    let accounts = answer["data"]
        .as_array()
        .ok_or_else(|| ConfigError(format!("The connected accounts cannot be read: {}", answer["error"]["message"])))?;
    Ok(accounts.iter().filter_map(|account| account["id"].as_str()).map(str::to_owned).collect())
}

/// Asks `/v1/accounts` as the platform would. Errors of the API have a field `error`.
async fn ask(
    api: &Api,
    key: &str,
    method: http::Method,
    query: &str,
    form: String,
) -> Result<serde_json::Value, ConfigError> {
    let mut headers = HeaderMap::new();
    let authorization = HeaderValue::from_str(&format!("Bearer {key}"));
    headers.insert("authorization", authorization.map_err(|error| ConfigError(error.to_string()))?);
    headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
    let path = "/v1/accounts".to_owned();
    let request = Request { method, path, query: query.to_owned(), headers, body: Bytes::from(form) };
    Ok(serde_json::from_slice(&api.handle(request).await.body).unwrap_or_default())
}
