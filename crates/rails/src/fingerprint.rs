//! Fingerprints: the same number always has the same one, so that people can tell that two cards are one.

/// Characters in a fingerprint.
const LENGTH: usize = 16;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Sixteen letters and digits that stand for `number`; `kind` keeps cards and bank accounts apart.
///
/// It is a mixing function, not a secret: whoever can guess numbers can recompute it. That is enough for a sandbox, whose
/// numbers are published test data. A live world needs a keyed hash in its place.
pub(crate) fn fingerprint(kind: &str, number: &str) -> String {
    let mut state: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in kind.bytes().chain([0]).chain(number.bytes()) {
        state = mix(state ^ u64::from(byte));
    }
    let mut text = String::with_capacity(LENGTH);
    for _ in 0..LENGTH {
        state = mix(state);
        text.push(char::from(ALPHABET[(state >> 32) as usize % ALPHABET.len()]));
    }
    text
}

/// One step of SplitMix64: every bit of the input reaches every bit of the output.
const fn mix(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_stable_and_tells_neighbours_and_kinds_apart() {
        let card = fingerprint("card", "4242424242424242");
        assert_eq!(card, fingerprint("card", "4242424242424242"));
        assert_ne!(card, fingerprint("card", "4242424242424259"));
        assert_ne!(card, fingerprint("bank", "4242424242424242"));
        assert_eq!(card.len(), LENGTH);
        assert!(card.bytes().all(|b| b.is_ascii_alphanumeric()));
    }
}
