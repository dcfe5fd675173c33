//! API keys. Only their hashes are kept.

use kernel::{Result, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{Column, Doc, Document, Kind, Tx, Value};

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// Everything: for servers.
    Secret,
    /// What a browser may.
    Publishable,
}

/// A key, without the key: what is kept of it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ApiKey {
    /// `key_` and the SHA-256 of the key: found by the key alone, of no use to whoever reads the store. A key has over 140
    /// random bits, so a plain hash cannot be searched.
    pub id: String,
    /// `api_key`.
    pub object: String,
    /// What it may do.
    pub kind: KeyKind,
    /// What people recognise it by: `sk_test_****abcd`.
    pub masked: String,
    /// What it is for, in the operator's words.
    pub name: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl Document for ApiKey {
    const KIND: &'static Kind =
        &Kind::new::<ApiKey>("api_key", "api_key", &["key"], &[Column::text("masked").unindexed()]);
    type Private = ();
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> Timestamp {
        self.created
    }
    fn columns(&self, (): &()) -> Vec<Value> {
        vec![(&self.masked).into()]
    }
}

/// The kinds of documents that the wire itself keeps.
pub fn kinds() -> Vec<&'static Kind> {
    vec![ApiKey::KIND]
}

/// The id under which a key is kept.
pub fn hash_key(key: &str) -> String {
    format!("key_{}", hex::encode(Sha256::digest(key)))
}

/// A key as it may be shown: the prefix and the last four characters.
pub fn mask_key(key: &str) -> String {
    let mut parts = key.splitn(3, '_');
    let known = match (parts.next(), parts.next()) {
        (Some(kind @ ("sk" | "pk" | "rk")), Some(mode @ ("test" | "live"))) => format!("{kind}_{mode}_"),
        _ => String::new(),
    };
    let rest = key.strip_prefix(&known).unwrap_or(key);
    let tail: String = if 8 <= rest.chars().count() {
        rest.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect()
    } else {
        String::new()
    };
    format!("{known}****{tail}")
}

/// Keeps a key for an account. The key itself is not kept: whoever makes it must hand it out now.
pub fn create_key(tx: &mut Tx, account: &str, kind: KeyKind, key: &str, name: Option<String>) -> Result<Doc<ApiKey>> {
    let shown = ApiKey {
        id: hash_key(key),
        object: "api_key".into(),
        kind,
        masked: mask_key(key),
        name,
        created: tx.now(),
        revoked_at: None,
    };
    tx.create(account, shown, ())
}

/// The key that a caller presents, when it is known and not revoked.
pub fn find_key(tx: &mut Tx, key: &str) -> Result<Option<Doc<ApiKey>>> {
    Ok(tx.peek::<ApiKey>(&hash_key(key))?.filter(|key| key.revoked_at.is_none()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_key_shows_its_kind_and_four_characters() {
        assert_eq!(mask_key("sk_test_51AbCdEfGhIj"), "sk_test_****GhIj");
        assert_eq!(mask_key("short"), "****");
        assert_eq!(mask_key("pk_live_abc"), "pk_live_****");
        assert_eq!(mask_key(""), "****");
    }
}
