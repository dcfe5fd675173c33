//! Private fields under authenticated encryption: XChaCha20-Poly1305, a random nonce for each value, and the id of what
//! it belongs to as associated data, so that a sealed value cannot be moved to another document.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use kernel::Rng;
use sha2::{Digest, Sha256};

/// The first byte of each sealed value: how it was sealed.
const FORMAT: u8 = 1;
const NONCE: usize = 24;

/// A sealed value that could not be opened: another key, another document, or damage.
#[derive(Debug, thiserror::Error)]
#[error("a sealed value could not be opened: it was sealed with another key, for another object, or is damaged")]
pub struct SealError;

/// The key that seals private fields. It stays outside the database.
#[derive(Clone)]
pub struct Vault {
    cipher: XChaCha20Poly1305,
    /// What fingerprints are made with, so that nobody with the database alone can try out what was hashed.
    hashing: [u8; 32],
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault")
    }
}

impl Vault {
    /// A vault with this master key.
    pub fn new(key: [u8; 32]) -> Vault {
        let hashing = Sha256::new().chain_update(b"kontor fingerprints").chain_update(key).finalize().into();
        Vault { cipher: XChaCha20Poly1305::new(&Key::from(key)), hashing }
    }

    /// The same for the same parts, and tells nothing of them to whoever lacks the key.
    pub fn fingerprint(&self, parts: &[&[u8]]) -> [u8; 32] {
        // A key of any length is one: this cannot fail.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.hashing) else { return [0; 32] };
        for part in parts {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// Seals `plain` for the object `id`.
    pub fn seal(&self, id: &str, plain: &[u8], rng: &mut Rng) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE];
        rng.fill(&mut nonce);
        let payload = Payload { msg: plain, aad: id.as_bytes() };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| SealError)?;
        let mut out = Vec::with_capacity(1 + NONCE + sealed.len());
        out.push(FORMAT);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    /// Opens what was sealed for the object `id`.
    pub fn open(&self, id: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (format, rest) = sealed.split_first().ok_or(SealError)?;
        if *format != FORMAT || rest.len() < NONCE {
            return Err(SealError);
        }
        let (nonce, sealed) = rest.split_at(NONCE);
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| SealError)?;
        let payload = Payload { msg: sealed, aad: id.as_bytes() };
        self.cipher.decrypt(&XNonce::from(nonce), payload).map_err(|_| SealError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_only_with_its_key_and_for_its_object() {
        let (vault, mut rng) = (Vault::new([7; 32]), Rng::seeded(1));
        let sealed = vault.seal("ba_1", b"000123456789", &mut rng).unwrap();
        assert_eq!(vault.open("ba_1", &sealed).unwrap(), b"000123456789");
        assert!(vault.open("ba_2", &sealed).is_err());
        assert!(Vault::new([8; 32]).open("ba_1", &sealed).is_err());
        let mut damaged = sealed.clone();
        *damaged.last_mut().unwrap() ^= 1;
        assert!(vault.open("ba_1", &damaged).is_err());
        assert!(vault.open("ba_1", b"").is_err());
    }

    #[test]
    fn a_fingerprint_is_of_its_parts_and_its_key() {
        let vault = Vault::new([7; 32]);
        let first = vault.fingerprint(&[b"4242", b"42"]);
        assert_eq!(vault.fingerprint(&[b"4242", b"42"]), first);
        assert_ne!(vault.fingerprint(&[b"42424", b"2"]), first);
        assert_ne!(Vault::new([8; 32]).fingerprint(&[b"4242", b"42"]), first);
    }
}
