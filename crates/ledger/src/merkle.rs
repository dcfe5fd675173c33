//! The seal of the book: a Merkle tree over postings, hashed as in RFC 6962 (Certificate Transparency), so that a leaf
//! can never be passed off as an inner node.

use sha2::{Digest, Sha256};

type Hash = [u8; 32];

/// The hash of one posting's canonical bytes.
pub fn leaf_hash(canonical: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(canonical);
    hasher.finalize().into()
}

fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([1]);
    hasher.update(left);
    hasher.update(right);
    hasher.finalize().into()
}

/// The largest power of two below `n`, which must be at least 2.
fn split(n: usize) -> usize {
    1 << (usize::BITS - 1 - (n - 1).leading_zeros())
}

/// The root over `leaves`; of none, the hash of nothing.
pub fn merkle_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest([]).into(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&merkle_root(left), &merkle_root(right))
        }
    }
}

/// That one leaf is under a root: the hashes beside its path, from the leaf up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Position of the leaf, from 0.
    pub index: usize,
    /// How many leaves the tree has.
    pub size: usize,
    /// The sibling at each level, lowest first.
    pub path: Vec<Hash>,
}

/// The proof for the leaf at `index`, or `None` when there is no such leaf.
pub fn prove(leaves: &[Hash], index: usize) -> Option<Proof> {
    fn walk(leaves: &[Hash], index: usize, path: &mut Vec<Hash>) {
        if leaves.len() < 2 {
            return;
        }
        let middle = split(leaves.len());
        let (left, right) = leaves.split_at(middle);
        if index < middle {
            walk(left, index, path);
            path.push(merkle_root(right));
        } else {
            walk(right, index - middle, path);
            path.push(merkle_root(left));
        }
    }
    if leaves.len() <= index {
        return None;
    }
    let mut path = Vec::new();
    walk(leaves, index, &mut path);
    Some(Proof { index, size: leaves.len(), path })
}

/// Whether `proof` shows that `leaf` is under `root`.
pub fn verify(root: &Hash, leaf: &Hash, proof: &Proof) -> bool {
    fn climb(leaf: &Hash, index: usize, size: usize, path: &[Hash]) -> Option<Hash> {
        if size == 1 {
            return path.is_empty().then_some(*leaf);
        }
        let (sibling, below) = path.split_last()?;
        let middle = split(size);
        if index < middle {
            Some(node_hash(&climb(leaf, index, middle, below)?, sibling))
        } else {
            Some(node_hash(sibling, &climb(leaf, index - middle, size - middle, below)?))
        }
    }
    proof.index < proof.size && climb(leaf, proof.index, proof.size, &proof.path).as_ref() == Some(root)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(n: usize) -> Vec<Hash> {
        (0..n).map(|i| leaf_hash(i.to_string().as_bytes())).collect()
    }

    #[test]
    fn every_leaf_of_every_small_tree_can_be_proven_and_no_other() {
        for size in 1..20 {
            let tree = leaves(size);
            let root = merkle_root(&tree);
            for index in 0..size {
                let proof = prove(&tree, index).unwrap();
                assert!(verify(&root, &tree[index], &proof));
                assert!(!verify(&root, &leaf_hash(b"another"), &proof));
            }
            assert_eq!(prove(&tree, size), None);
        }
    }

    #[test]
    fn any_change_changes_the_root() {
        let tree = leaves(7);
        let mut changed = tree.clone();
        changed.swap(2, 3);
        assert_ne!(merkle_root(&tree), merkle_root(&changed));
        assert_ne!(merkle_root(&tree), merkle_root(&tree[..6]));
    }
}
