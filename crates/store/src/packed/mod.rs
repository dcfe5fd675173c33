//! Documents made small for storing, and the fields of them that SQL shows.
//!
//! A document is much like others of its kind, so LZ4 that has seen a sample of the kind makes it a tenth, quicker than the
//! bytes that it saves could be written. What remains for people with SQL are the document's plain fields, in columns.

mod samples;
mod shown;

use std::collections::HashMap;

use lz4_flex::block::{compress_into_with_dict, decompress_into_with_dict, get_maximum_output_size};

pub(crate) use shown::{Field, Scalar, fields, is_plain};

use crate::ddl::Dialect;
use crate::{Changeset, Kind, Row, Schema, StoreError, StoreResult, Value};
use samples::Sample;

/// A document as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Packed {
    pub(crate) data: Vec<u8>,
    pub(crate) private: Option<Vec<u8>>,
    /// The values of the columns that the kind has only for being shown, in their order.
    pub(crate) shown: Vec<Value>,
}

/// Bytes of a document at the most; no document comes near it.
const LARGEST: usize = 64 << 20;
/// Bytes of a text at the most that is not worth packing.
const SHORT: usize = 200;
/// The number of the sample, and the length of the text.
const HEAD: usize = 5;

/// The text as it is stored: the number of a sample, the text's length in four bytes (little-endian), and the text as an LZ4
/// block that goes on from the sample. The number 0 stands for the text itself.
pub(crate) fn pack(text: &str, sample: Option<&Sample>) -> Vec<u8> {
    if SHORT < text.len()
        && let Some(sample) = sample
        && let Ok(length) = u32::try_from(text.len())
    {
        let mut packed = vec![0; HEAD + get_maximum_output_size(text.len())];
        let (head, block) = packed.split_at_mut(HEAD);
        head[0] = sample.number;
        head[1..].copy_from_slice(&length.to_le_bytes());
        // It fails only where there is too little room.
        let written = compress_into_with_dict(text.as_bytes(), block, sample.text.as_bytes()).unwrap_or(text.len());
        if HEAD + written <= text.len() {
            return packed[..HEAD + written].to_vec();
        }
    }
    let mut plain = Vec::with_capacity(1 + text.len());
    plain.push(0);
    plain.extend(text.as_bytes());
    plain
}

/// The text that was packed.
///
/// # Errors
/// [`StoreError::Corrupt`] when the bytes are none that [`pack`] makes; [`StoreError::Newer`] when a newer Kontor packed them.
pub(crate) fn unpack(packed: &[u8]) -> StoreResult<String> {
    let damaged = || StoreError::Corrupt("a document cannot be unpacked".to_owned());
    let (number, rest) = packed.split_first().ok_or_else(damaged)?;
    let bytes = if *number == 0 {
        rest.to_vec()
    } else {
        let sample = samples::numbered(*number).ok_or_else(|| {
            StoreError::Newer(format!("a document was packed by a newer Kontor: it has no sample {number}"))
        })?;
        let (length, block) = rest.split_first_chunk().ok_or_else(damaged)?;
        let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| damaged())?;
        if LARGEST < length {
            return Err(damaged());
        }
        let mut bytes = vec![0; length];
        let written = decompress_into_with_dict(block, &mut bytes, sample.text.as_bytes()).map_err(|_| damaged())?;
        if written != length {
            return Err(damaged());
        }
        bytes
    };
    String::from_utf8(bytes).map_err(|_| damaged())
}

/// What packs the documents of a schema.
#[derive(Debug, Default)]
pub(crate) struct Packer {
    kinds: HashMap<&'static str, Vec<Field>>,
    schema: Schema,
}

impl Packer {
    pub(crate) fn new(schema: &Schema) -> Packer {
        let kinds = schema.kinds.iter().map(|kind| (kind.table, Dialect::Sqlite.shown_columns(kind))).collect();
        Packer { kinds, schema: schema.clone() }
    }

    /// The fields that have a column only for being shown.
    pub(crate) fn shown(&self, table: &str) -> &[Field] {
        self.kinds.get(table).map_or(&[], Vec::as_slice)
    }

    /// Packs everything that a changeset writes.
    pub(crate) fn prepare(&self, changeset: &mut Changeset) {
        for write in &mut changeset.writes {
            write.packed = Some(self.document(write.kind, &write.row));
        }
        if let Some(record) = &mut changeset.idempotency {
            record.packed = Some(self.answer(&record.body));
        }
    }

    pub(crate) fn document(&self, kind: &Kind, row: &Row) -> Packed {
        Packed {
            data: self.text(kind.table, &row.data),
            private: row.private.as_deref().map(|private| self.text(kind.table, private)),
            shown: self.values(kind.table, &row.data),
        }
    }

    /// An answer to remember: mostly it is a document.
    pub(crate) fn answer(&self, body: &str) -> Vec<u8> {
        let id = body.trim_start_matches(['{', ' ', '\n']).strip_prefix(r#""id":"#).unwrap_or_default();
        pack(body, self.sample_of_id(id.trim_start_matches([' ', '"'])))
    }

    fn sample_of_id(&self, id: &str) -> Option<&'static Sample> {
        samples::of(self.schema.kind_of(id)?.table)
    }

    /// The values of the columns that a document's kind has only for being shown.
    pub(crate) fn values(&self, table: &str, document: &str) -> Vec<Value> {
        shown::values(document, self.shown(table))
    }

    /// Packs a text that belongs to a row of a table. An event is mostly the document that it is about.
    pub(crate) fn text(&self, table: &str, text: &str) -> Vec<u8> {
        if table == "idempotency" {
            return self.answer(text);
        }
        if table != "event" {
            return pack(text, samples::of(table));
        }
        let object = text.split_once(r#""data":{"object":{"id":""#).map(|(_, object)| object);
        pack(text, object.and_then(|object| self.sample_of_id(object)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_text_comes_back(text in ".{0,400}", number in 0..=u8::MAX) {
            prop_assert_eq!(unpack(&pack(&text, samples::numbered(number))).unwrap(), text);
        }

        #[test]
        fn whatever_the_bytes_are_they_are_text_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = unpack(&bytes);
        }
    }

    #[test]
    fn a_document_like_its_sample_is_small() {
        let sample = samples::of("balance_transaction").unwrap();
        let start = sample.text.rfind(r#"{"id":"txn_"#).unwrap();
        let end = start + sample.text[start..].find('}').unwrap() + 1;
        let document = sample.text[start..end].replace("txn_", "txn_0");
        assert!(pack(&document, Some(sample)).len() * 8 < document.len(), "{document}");
    }

    #[test]
    fn a_lengthened_head_is_an_error() {
        let mut packed = pack(&"a text of some length ".repeat(20), samples::numbered(1));
        packed[4] = 0xff;
        assert!(matches!(unpack(&packed), Err(StoreError::Corrupt(_))));
    }
}
