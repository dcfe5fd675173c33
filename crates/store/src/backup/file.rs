//! The file of a backup.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use sha2::{Digest as _, Sha256};

use super::tables::{self, Cell, Sum, Table};
use super::{Catalog, EachRow, Notes, Source};
use crate::packed::Packer;
use crate::sqlite::copy::{bind, catalog, rows};
use crate::sqlite::{schema, store_error};
use crate::{Schema, StoreError, StoreResult};

/// The version of what this module writes. It grows when a reader of before could not read it right: 2 packs documents.
const FORMAT: usize = 2;

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// How many migrations the store has had.
    pub schema_version: usize,
    /// When it was begun, in Unix seconds of the machine's clock.
    pub created: i64,
    /// A hash over everything here, and by it over every row.
    pub sha256: String,
    entries: Vec<(String, String)>,
    tables: Vec<(String, Vec<String>, Sum)>,
}

impl Manifest {
    pub(super) fn new(schema_version: usize, engine: &str, notes: &Notes, sums: &[(Table, Sum)]) -> Manifest {
        let mut entries = vec![
            ("format".to_owned(), FORMAT.to_string()),
            ("kontor".to_owned(), notes.kontor.clone()),
            ("engine".to_owned(), engine.to_owned()),
            ("schema_version".to_owned(), schema_version.to_string()),
            ("created".to_owned(), notes.created.to_string()),
        ];
        entries.extend(notes.others.iter().cloned());
        entries.sort();
        let columns = |table: &Table| table.columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        let mut tables: Vec<_> =
            sums.iter().map(|(table, sum)| (table.name.to_owned(), columns(table), sum.clone())).collect();
        tables.sort_by(|a, b| a.0.cmp(&b.0));
        let sha256 = hash(&entries, &tables);
        Manifest { schema_version, created: notes.created, sha256, entries, tables }
    }

    /// An entry by name: `kontor`, `engine`, or one of [`Notes::others`].
    pub fn entry(&self, name: &str) -> Option<&str> {
        self.entries.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// How many rows a table has; 0 when it is not there.
    pub fn rows(&self, table: &str) -> i64 {
        self.sum(table).map_or(0, |sum| sum.rows)
    }

    /// How many rows there are in all tables together.
    pub fn all_rows(&self) -> i64 {
        self.tables.iter().map(|(_, _, sum)| sum.rows).sum()
    }

    /// Each table's name, number of rows and hash over them: equal for equal stores, whatever the engine.
    pub fn tables(&self) -> Vec<(String, i64, String)> {
        self.tables.iter().map(|(name, _, sum)| (name.clone(), sum.rows, sum.sha256.clone())).collect()
    }

    pub(super) fn sum(&self, table: &str) -> Option<&Sum> {
        self.tables.iter().find(|(name, _, _)| name == table).map(|(_, _, sum)| sum)
    }
}

fn hash(entries: &[(String, String)], tables: &[(String, Vec<String>, Sum)]) -> String {
    let mut hasher = Sha256::new();
    let mut add = |text: &str| {
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text);
    };
    for (name, value) in entries {
        add(name);
        add(value);
    }
    for (name, columns, sum) in tables {
        add(name);
        add(&columns.join(" "));
        add(&sum.rows.to_string());
        add(&sum.sha256);
    }
    hex::encode(hasher.finalize())
}

fn unwritable(path: &Path, error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Unavailable(format!("{} cannot be written: {error}", path.display()))
}

/// A backup that is being written, under another name until it is whole.
pub(super) struct NewFile {
    path: PathBuf,
    partial: PathBuf,
    /// `None` when it has its name.
    connection: Option<Connection>,
    packer: Packer,
}

impl NewFile {
    pub(super) fn create(path: &Path, schema: &Schema) -> StoreResult<NewFile> {
        if path.exists() {
            return Err(StoreError::Refused(format!("{} exists already", path.display())));
        }
        let mut partial = path.as_os_str().to_owned();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        // What an interrupted backup left.
        match std::fs::remove_file(&partial) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(unwritable(&partial, &error)),
        }
        crate::sqlite::prepare_file(&partial).map_err(|error| unwritable(&partial, &error))?;
        let mut connection = Connection::open(&partial).map_err(store_error)?;
        let new = || -> rusqlite::Result<()> {
            connection.pragma_update(None, "page_size", crate::sqlite::PAGE_SIZE)?;
            // Nothing to go back to: an interrupted backup is thrown away. It is synced once, at its end.
            connection.pragma_update(None, "journal_mode", "OFF")?;
            connection.pragma_update(None, "synchronous", "OFF")?;
            connection.pragma_update(None, "locking_mode", "EXCLUSIVE")
        };
        new().map_err(store_error)?;
        schema::tables_only(&mut connection, schema, schema::newest())?;
        Ok(NewFile { path: path.to_owned(), partial, connection: Some(connection), packer: Packer::new(schema) })
    }

    fn connection(&self) -> StoreResult<&Connection> {
        self.connection.as_ref().ok_or_else(|| StoreError::Corrupt("the backup is closed already".to_owned()))
    }

    /// Lets `write` insert the rows of a table.
    pub(super) fn fill(
        &self,
        table: &Table,
        write: impl FnOnce(&mut dyn FnMut(&[Cell]) -> StoreResult<()>) -> StoreResult<()>,
    ) -> StoreResult<()> {
        let connection = self.connection()?;
        let transaction = connection.unchecked_transaction().map_err(store_error)?;
        {
            let mut insert = transaction.prepare(&crate::sqlite::copy::insert(table)).map_err(store_error)?;
            write(&mut |row| {
                bind(&mut insert, table, row, Some(&self.packer))
                    .and_then(|()| insert.raw_execute())
                    .map(drop)
                    .map_err(store_error)
            })?;
        }
        transaction.commit().map_err(store_error)
    }

    /// Adds the manifest and gives the file its name.
    pub(super) fn finish(mut self, manifest: Manifest) -> StoreResult<Manifest> {
        let connection = self.connection()?;
        write_manifest(connection, &manifest).map_err(store_error)?;
        let connection = self.connection.take();
        drop(connection);
        let name = || -> std::io::Result<()> {
            std::fs::File::open(&self.partial)?.sync_all()?;
            // Not over a file that appeared meanwhile.
            std::fs::hard_link(&self.partial, &self.path)?;
            std::fs::remove_file(&self.partial)?;
            let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
            std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
        };
        name().map_err(|error| unwritable(&self.path, &error))?;
        Ok(manifest)
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        self.connection = None;
        // It is gone already when it has its name.
        let _ = std::fs::remove_file(&self.partial);
    }
}

fn write_manifest(connection: &Connection, manifest: &Manifest) -> rusqlite::Result<()> {
    let transaction = connection.unchecked_transaction()?;
    transaction.execute_batch(
        "CREATE TABLE backup_manifest (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
         CREATE TABLE backup_table (name TEXT NOT NULL PRIMARY KEY, columns TEXT NOT NULL, row_count INTEGER NOT NULL, sha256 TEXT NOT NULL) STRICT, WITHOUT ROWID;",
    )?;
    let mut entry = transaction.prepare("INSERT INTO backup_manifest (name, value) VALUES ($1, $2)")?;
    for (name, value) in &manifest.entries {
        entry.execute([name, value])?;
    }
    entry.execute(["sha256", &manifest.sha256])?;
    let sql = "INSERT INTO backup_table (name, columns, row_count, sha256) VALUES ($1, $2, $3, $4)";
    let mut table = transaction.prepare(sql)?;
    for (name, columns, sum) in &manifest.tables {
        table.execute((name, columns.join(" "), sum.rows, &sum.sha256))?;
    }
    drop((entry, table));
    transaction.commit()
}

/// A whole backup.
pub(super) struct BackupFile {
    pub manifest: Manifest,
    path: PathBuf,
    connection: Connection,
}

impl BackupFile {
    pub(super) fn open(path: &Path) -> StoreResult<BackupFile> {
        let refused = |why: &str| StoreError::Refused(format!("{} is no backup of Kontor: {why}", path.display()));
        if !path.is_file() {
            return Err(refused("there is no such file"));
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(store_error)?;
        let (entries, tables) = read_manifest(&connection).map_err(|_| refused("it has no manifest"))?;
        let number = |name: &str| {
            let value = entries.iter().find(|(known, _)| known == name).and_then(|(_, value)| value.parse().ok());
            value.ok_or_else(|| refused(&format!("its manifest has no {name}")))
        };
        let format: i64 = number("format")?;
        if !usize::try_from(format).is_ok_and(|format| format <= FORMAT) {
            return Err(StoreError::Newer(format!(
                "{} was written by a newer Kontor: its format is {format}, and this Kontor reads up to {FORMAT}",
                path.display()
            )));
        }
        let version = usize::try_from(number("schema_version")?).unwrap_or(usize::MAX);
        if schema::newest() < version {
            return Err(StoreError::Newer(format!(
                "{} was written by a newer Kontor: its version is {version}, and this Kontor knows versions up to {}",
                path.display(),
                schema::newest()
            )));
        }
        let created = number("created")?;
        let (said, entries): (Vec<_>, Vec<_>) = entries.into_iter().partition(|(name, _)| name == "sha256");
        let sha256 = hash(&entries, &tables);
        if said.first().map(|(_, value)| value) != Some(&sha256) {
            return Err(StoreError::Corrupt(format!("{}: the manifest was changed", path.display())));
        }
        let manifest = Manifest { schema_version: version, created, sha256, entries, tables };
        Ok(BackupFile { manifest, path: path.to_owned(), connection })
    }

    /// Compares every row with the manifest. Answers the tables, as they are in the backup.
    pub(super) fn check(&mut self, schema: &Schema) -> StoreResult<Vec<Table>> {
        let known = tables::tables(schema);
        let mut checked = Vec::new();
        for (name, columns, sum) in self.manifest.tables.clone() {
            let newer = |what: &str| {
                StoreError::Newer(format!(
                    "{} has {what}, which this Kontor does not know: use the newer Kontor",
                    self.path.display()
                ))
            };
            let table =
                known.iter().find(|table| table.name == name).ok_or_else(|| newer(&format!("a table {name}")))?;
            let table = table.narrowed(&columns).map_err(|column| newer(&format!("a column {name}.{column}")))?;
            if tables::sum(self, &table)? != sum {
                let what = format!("{}: the table {name} has other rows than the manifest says", self.path.display());
                return Err(StoreError::Corrupt(what));
            }
            checked.push(table);
        }
        Ok(checked)
    }
}

impl Source for BackupFile {
    fn catalog(&mut self) -> StoreResult<Catalog> {
        catalog(&self.connection).map_err(store_error)
    }

    fn rows(&mut self, table: &Table, each: EachRow<'_>) -> StoreResult<()> {
        rows(&self.connection, table, each)
    }
}

type Read = (Vec<(String, String)>, Vec<(String, Vec<String>, Sum)>);

fn read_manifest(connection: &Connection) -> rusqlite::Result<Read> {
    let mut entries = connection.prepare("SELECT name, value FROM backup_manifest ORDER BY name")?;
    let entries = entries.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    let mut tables = connection.prepare("SELECT name, columns, row_count, sha256 FROM backup_table ORDER BY name")?;
    let table = |row: &rusqlite::Row<'_>| {
        let columns: String = row.get(1)?;
        let columns = columns.split(' ').map(str::to_owned).collect();
        Ok((row.get(0)?, columns, Sum { rows: row.get(2)?, sha256: row.get(3)? }))
    };
    Ok((entries, tables.query_map([], table)?.collect::<Result<_, _>>()?))
}
