//! What a store consists of, as tables of plain values: the same on every engine and in a backup.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use crate::ddl::Dialect;
use crate::{ColumnType, Kind, Schema, StoreError, StoreResult};

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CellType {
    Int,
    Text,
    /// A text that SQLite keeps packed.
    Packed,
    Bytes,
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// A table that belongs to a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    pub name: &'static str,
    pub columns: Vec<(&'static str, CellType)>,
    /// The columns that rows are ordered by: the primary key.
    pub key: &'static [&'static str],
}

impl Table {
    fn own(name: &'static str, key: &'static [&'static str], columns: &[(&'static str, CellType)]) -> Table {
        Table { name, key, columns: columns.to_vec() }
    }

    fn of_kind(kind: &Kind) -> Table {
        use CellType::{Int, Packed, Text};
        let fixed = [("id", Text), ("account", Text), ("created", Int), ("version", Int), ("schema", Int)];
        let columns = kind.columns.iter().map(|column| match column.ty {
            ColumnType::Int => (column.name, Int),
            ColumnType::Text => (column.name, Text),
        });
        let documents = [("data", Packed), ("private", Packed)];
        Table { name: kind.table, key: &["id"], columns: fixed.into_iter().chain(columns).chain(documents).collect() }
    }

    /// The same table with only these of its columns.
    ///
    /// # Errors
    /// The name of a column that the table does not have.
    pub(crate) fn narrowed(&self, columns: &[String]) -> Result<Table, String> {
        let find = |name: &String| self.columns.iter().find(|(known, _)| known == name).copied().ok_or(name.clone());
        Ok(Table { columns: columns.iter().map(find).collect::<Result<_, _>>()?, ..self.clone() })
    }

    /// `"a", "b"`: the columns for SQL.
    pub(crate) fn names(&self) -> String {
        let names: Vec<String> = self.columns.iter().map(|(name, _)| format!(r#""{name}""#)).collect();
        names.join(", ")
    }

    /// A select of all rows in the order of their key.
    pub(crate) fn select(&self) -> String {
        let key: Vec<String> = self.key.iter().map(|name| format!(r#""{name}""#)).collect();
        format!(r#"SELECT {} FROM "{}" ORDER BY {}"#, self.names(), self.name, key.join(", "))
    }

    /// Whether a row is the engine's own business and not part of a backup: what the store is, not what is in it.
    pub(crate) fn leaves_out(&self, row: &[Cell]) -> bool {
        self.name == "meta" && matches!(row.first(), Some(Cell::Text(name)) if OWN_SETTINGS.contains(&name.as_str()))
    }
}

/// The setting with the number of migrations that a store has had.
pub(crate) const VERSION: &str = "schema_version";
/// The setting with the hash of what was made for the kinds.
pub(crate) const DEFINITION: &str = "schema_definition";
/// The setting that says that a restore has begun; it goes when the restore is done and verified.
pub(crate) const RESTORING: &str = "restore_incomplete";

const OWN_SETTINGS: [&str; 3] = [VERSION, DEFINITION, RESTORING];

/// Every table of a store with this schema.
pub(crate) fn tables(schema: &Schema) -> Vec<Table> {
    use CellType::{Bytes, Int, Packed, Text};
    let mut tables = vec![
        Table::own("meta", &["name"], &[("name", Text), ("value", Text)]),
        Table::own(
            "posting",
            &["batch", "position"],
            &[
                ("batch", Int),
                ("position", Int),
                ("created", Int),
                ("code", Text),
                ("debit", Text),
                ("credit", Text),
                ("amount", Int),
                ("currency", Text),
                ("debit_entry", Text),
                ("credit_entry", Text),
            ],
        ),
        Table::own(
            "balance",
            &["account"],
            &[
                ("account", Text),
                ("value", Int),
                ("owner", Text),
                ("bucket", Text),
                ("currency", Text),
                ("available_on", Int),
            ],
        ),
        Table::own("claim", &["name"], &[("name", Text), ("holder", Text)]),
        Table::own(
            "idempotency",
            &["scope", "key"],
            &[
                ("scope", Text),
                ("key", Text),
                ("request_hash", Text),
                ("request_id", Text),
                ("status", Int),
                ("created", Int),
                ("body", Packed),
            ],
        ),
        Table::own("sealed", &["id"], &[("id", Text), ("data", Bytes)]),
        Table::own("batch", &["id"], &[("id", Int), ("at", Int), ("events", Text), ("postings", Int), ("seal", Int)]),
    ];
    tables.extend(schema.kinds.iter().map(|kind| Table::of_kind(kind)));
    tables
}

/// The columns of every table that a store really has, by table.
pub(crate) type Catalog = BTreeMap<String, Vec<String>>;

/// The columns that every table of documents has, and that tell one from a table that somebody else made.
const OF_DOCUMENTS: [&str; 7] = ["id", "account", "created", "version", "schema", "data", "private"];

/// What of a store's tables goes into a backup: everything that the schema knows and the store has.
///
/// # Errors
/// [`StoreError::Newer`] when the store has documents or fields that the schema does not know: a backup without them would
/// lose them silently.
pub(crate) fn present(schema: &Schema, catalog: &Catalog) -> StoreResult<Vec<Table>> {
    let known = tables(schema);
    let unknown = |what: String| {
        Err(StoreError::Newer(format!("the store has {what}, which this Kontor does not know: use the newer Kontor")))
    };
    for (name, columns) in catalog {
        match known.iter().find(|table| table.name == name) {
            Some(table) => {
                let shown = schema.kinds.iter().find(|kind| kind.table == name);
                let shown = shown.map(|kind| Dialect::Sqlite.shown_columns(kind)).unwrap_or_default();
                // What is only shown is made from the documents again.
                let is_known = |column: &String| {
                    table.columns.iter().any(|(known, _)| known == column)
                        || shown.iter().any(|field| field.name == *column)
                };
                let extra = columns.iter().find(|column| !is_known(column));
                if let Some(extra) = extra {
                    return unknown(format!("a column {name}.{extra}"));
                }
            }
            None if OF_DOCUMENTS.iter().all(|column| columns.iter().any(|c| c == column)) => {
                return unknown(format!("a table {name}"));
            }
            None => {}
        }
    }
    let narrowed = known.into_iter().filter_map(|table| {
        let has = catalog.get(table.name)?;
        let columns = table.columns.iter().filter(|(name, _)| has.iter().any(|column| column == name)).copied();
        Some(Table { columns: columns.collect(), ..table })
    });
    Ok(narrowed.collect())
}

/// How many rows, and a hash over all of them in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sum {
    pub rows: i64,
    pub sha256: String,
}

/// A sum in the making.
pub(crate) struct Summing {
    rows: i64,
    hasher: Sha256,
}

impl Summing {
    /// Begins with the table's name and columns, so that a row cannot move to another table.
    pub(crate) fn new(table: &Table) -> Summing {
        let mut hasher = Sha256::new();
        for name in std::iter::once(table.name).chain(table.columns.iter().map(|(name, _)| *name)) {
            hasher.update(name);
            hasher.update([0]);
        }
        Summing { rows: 0, hasher }
    }

    pub(crate) fn add(&mut self, row: &[Cell]) {
        self.rows += 1;
        for cell in row {
            match cell {
                Cell::Null => self.hasher.update([0]),
                Cell::Int(n) => {
                    self.hasher.update([1]);
                    self.hasher.update(n.to_le_bytes());
                }
                Cell::Text(text) => self.bytes(2, without_zero(text).as_bytes()),
                Cell::Bytes(bytes) => self.bytes(3, bytes),
            }
        }
    }

    fn bytes(&mut self, tag: u8, bytes: &[u8]) {
        self.hasher.update([tag]);
        self.hasher.update((bytes.len() as u64).to_le_bytes());
        self.hasher.update(bytes);
    }

    pub(crate) fn done(self) -> Sum {
        Sum { rows: self.rows, sha256: hex::encode(self.hasher.finalize()) }
    }
}

/// PostgreSQL's text has no zero character: what SQLite keeps of it counts as what PostgreSQL would have kept.
pub(crate) fn without_zero(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}

/// Gets rows one by one, in the order of their key.
pub(crate) type EachRow<'a> = &'a mut dyn FnMut(Vec<Cell>) -> StoreResult<()>;

/// A store that is read whole, as it was at one moment.
pub(crate) trait Source {
    /// The tables that it has.
    fn catalog(&mut self) -> StoreResult<Catalog>;
    /// All rows of a table.
    fn rows(&mut self, table: &Table, each: EachRow<'_>) -> StoreResult<()>;
}

/// An empty store with all tables, marked as incomplete, that is filled.
pub(crate) trait Target {
    /// Adds rows to a table.
    fn insert(&mut self, table: &Table, rows: Vec<Vec<Cell>>) -> StoreResult<()>;
    /// Everything is inserted: makes whatever else a store needs.
    fn complete(&mut self) -> StoreResult<()>;
    /// Takes the mark away.
    fn finish(&mut self) -> StoreResult<()>;
}

/// The sum of a table in a store.
pub(crate) fn sum(source: &mut dyn Source, table: &Table) -> StoreResult<Sum> {
    let mut summing = Summing::new(table);
    source.rows(table, &mut |row| {
        if !table.leaves_out(&row) {
            summing.add(&row);
        }
        Ok(())
    })?;
    Ok(summing.done())
}
