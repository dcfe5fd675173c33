//! Worlds, transactions, changesets, the judge, and the engines that hold them.
