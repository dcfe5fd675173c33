//! A backup holds the whole store as it was at one moment, and goes into a store of either engine.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use store::Verdict::Committed;
use store::backup::{self, Manifest, Notes};
use store::{Kind, Schema, StoreError};

use crate::support::{Change, Opener, Store, THING, Thing, account, row, schema};

fn new() -> Change {
    Change::new()
}

fn openers() -> Vec<Opener> {
    [Some(Opener::sqlite()), Opener::postgres()].into_iter().flatten().collect()
}

/// A file for a backup, gone with the test.
struct File(PathBuf);

impl File {
    fn new() -> File {
        File(std::env::temp_dir().join(format!("{}.backup", crate::support::unique_name())))
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn write(from: &Opener, file: &Path) -> Result<Manifest, StoreError> {
    let others = vec![("colour".to_owned(), "blue".to_owned())];
    backup::write(&from.location(), &schema(), file, &Notes { created: 7, kontor: "test".to_owned(), others })
}

fn restore(file: &Path, to: &Opener) -> Result<(), StoreError> {
    backup::read(file, &to.location(), &schema())?.finish()
}

/// A store with something in every table.
fn filled(opener: &Opener) -> Store {
    let mut store = Store::at(opener.clone());
    let change = new().create("th_1").create("th_2").take("a", "1").post("acct_1", "acct_2", 5).event("evt_1");
    let change = change.remember("k", "{}", 1).seal("s", Some(b"\0x\xff")).set("clock", "1").create("txn_3");
    assert_eq!(store.commit([change]), [Committed]);
    assert_eq!(store.commit([new().update("th_2", 2).post("acct_2", "acct_3", 2)]), [Committed]);
    store
}

fn is_filled(store: &mut Store) {
    assert_eq!(store.reader.get(&THING, "th_1").unwrap(), Some(row("th_1", 1)));
    assert_eq!(store.reader.get(&THING, "th_2").unwrap(), Some(row("th_2", 2)));
    assert_eq!(store.reader.claim("a").unwrap().as_deref(), Some("1"));
    assert_eq!((store.balance("acct_2"), store.balance("acct_3")), (3, 2));
    assert_eq!(store.reader.undispatched(9).unwrap()[0].events, ["evt_1"]);
    let book = store.reader.scan_postings((0, -1), 9).unwrap();
    assert_eq!(book.len(), 2);
    assert_eq!(&*store.reader.idempotency("acct_1/test", "k").unwrap().unwrap().body, "{}");
    assert_eq!(store.reader.sealed("s").unwrap().as_deref(), Some(&b"\0x\xff"[..]));
    assert_eq!(store.reader.setting("clock").unwrap().as_deref(), Some("1"));
    // It goes on where it was.
    assert_eq!(store.commit([new().update("th_1", 2).post("acct_1", "acct_2", 1)]), [Committed]);
    let after = store.reader.scan_postings((0, -1), 9).unwrap();
    assert!(book[1].batch < after[2].batch);
}

#[test]
fn a_backup_of_either_engine_goes_into_either_engine() {
    for from in openers() {
        let store = filled(&from);
        let (file, again) = (File::new(), File::new());
        let manifest = write(&from, &file.0).unwrap();
        assert_eq!((manifest.created, manifest.entry("colour")), (7, Some("blue")));
        assert_eq!((manifest.rows("thing"), manifest.rows("posting"), manifest.rows("nothing")), (2, 2, 0));
        assert_eq!(backup::check(&file.0, &schema()).unwrap(), manifest);
        for to in openers() {
            restore(&file.0, &to).unwrap();
            let _ = std::fs::remove_file(&again.0);
            let copied = write(&to, &again.0).unwrap();
            assert_eq!(copied.tables(), manifest.tables());
            is_filled(&mut Store::at(to));
        }
        drop(store);
    }
}

#[test]
fn a_backup_can_be_read_as_a_store() {
    for from in openers() {
        let _store = filled(&from);
        let file = File::new();
        write(&from, &file.0).unwrap();
        let reader = backup::reader(&file.0).unwrap();
        assert_eq!(reader.scan(&THING, "", 9).unwrap(), [row("th_1", 1), row("th_2", 2)]);
        assert_eq!(reader.scan_postings((0, -1), 9).unwrap().len(), 2);
        assert_eq!(reader.unsealed(9).unwrap().len(), 2);
        let left = std::fs::read_dir(file.0.parent().unwrap()).unwrap().filter_map(Result::ok);
        let name = file.0.file_name().unwrap().to_string_lossy().into_owned();
        assert_eq!(left.filter(|left| left.file_name().to_string_lossy().starts_with(&name)).count(), 1);
    }
}

#[test]
fn a_backup_has_every_table_of_the_store() {
    let opener = Opener::sqlite();
    let store = filled(&opener);
    let file = File::new();
    let manifest = write(&opener, &file.0).unwrap();
    let connection = rusqlite::Connection::open(store.path()).unwrap();
    let mut tables = connection
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name")
        .unwrap();
    let tables: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let kept: Vec<String> = manifest.tables().into_iter().map(|(name, ..)| name).collect();
    assert_eq!(kept, tables);
}

#[test]
fn a_backup_of_a_busy_store_is_of_one_moment() {
    for from in openers() {
        let mut store = filled(&from);
        store.commit([(0..2_000).fold(new(), |change, n| change.create(&format!("th_x{n}")))]);
        let done = AtomicBool::new(false);
        let (_, mut engine) = store.another();
        std::thread::scope(|scope| {
            let busy = scope.spawn(|| {
                let mut written = 0;
                while !done.load(Ordering::Relaxed) {
                    let change = new().create(&format!("th_y{written}")).post("acct_5", "acct_6", 1);
                    assert_eq!(engine.commit(&crate::support::batch([change])).unwrap(), [Committed]);
                    written += 1;
                }
                written
            });
            let mut seen = 0;
            for _ in 0..5 {
                let file = File::new();
                let manifest = write(&from, &file.0).unwrap();
                let reader = backup::reader(&file.0).unwrap();
                let moved = reader.balance(&account("acct_6").to_string()).unwrap();
                assert_eq!(manifest.rows("thing"), 2_002 + moved);
                assert_eq!(manifest.rows("posting"), 2 + moved);
                assert!(seen <= moved);
                seen = moved;
            }
            done.store(true, Ordering::Relaxed);
            assert!(seen <= busy.join().unwrap());
        });
    }
}

#[test]
fn a_restore_goes_into_an_empty_store_only() {
    let from = Opener::sqlite();
    let _store = filled(&from);
    let file = File::new();
    write(&from, &file.0).unwrap();
    for to in openers() {
        let mut store = Store::at(to.clone());
        store.commit([new().create("th_9")]);
        let error = restore(&file.0, &to).unwrap_err();
        assert!(matches!(&error, StoreError::Refused(text) if text.contains("not empty")), "{error}");
        assert_eq!(store.version("th_9"), Some(1));
    }
    let error = write(&from, &file.0).unwrap_err();
    assert!(matches!(&error, StoreError::Refused(text) if text.contains("exists already")), "{error}");
}

#[test]
fn a_store_whose_restore_did_not_end_is_not_opened() {
    let from = Opener::sqlite();
    let _store = filled(&from);
    let file = File::new();
    write(&from, &file.0).unwrap();
    for to in openers() {
        drop(backup::read(&file.0, &to.location(), &schema()).unwrap());
        for error in [to.open(&schema()).err().unwrap(), restore(&file.0, &to).unwrap_err()] {
            assert!(matches!(&error, StoreError::Incomplete(text) if text.contains("restore incomplete")), "{error}");
        }
        let error = write(&to, &File::new().0).unwrap_err();
        assert!(matches!(&error, StoreError::Incomplete(_)), "{error}");
    }
}

#[test]
fn a_damaged_backup_is_refused_before_anything_is_written() {
    let from = Opener::sqlite();
    let _store = filled(&from);
    let damages = [
        "UPDATE posting SET amount = amount + 1 WHERE batch = 1",
        "DELETE FROM thing WHERE id = 'th_1'",
        "INSERT INTO claim (name, holder) VALUES ('b', '2')",
        "UPDATE backup_table SET row_count = 0, columns = 'id' WHERE name = 'thing'",
        "UPDATE backup_manifest SET value = '8' WHERE name = 'created'",
    ];
    for damage in damages {
        let file = File::new();
        write(&from, &file.0).unwrap();
        rusqlite::Connection::open(&file.0).unwrap().execute_batch(damage).unwrap();
        for to in openers() {
            let error = restore(&file.0, &to).unwrap_err();
            assert!(matches!(error, StoreError::Corrupt(_)), "{damage}: {error}");
            Store::at(to).commit([new().create("th_1")]);
        }
    }
}

#[test]
fn what_is_no_backup_or_no_store_is_refused() {
    let file = File::new();
    for to in openers() {
        assert!(matches!(restore(&file.0, &to).unwrap_err(), StoreError::Refused(_)));
        assert!(matches!(write(&to, &file.0).unwrap_err(), StoreError::Refused(_)));
        assert!(!file.0.exists());
    }
    std::fs::write(&file.0, "a letter").unwrap();
    assert!(matches!(restore(&file.0, &Opener::sqlite()).unwrap_err(), StoreError::Refused(_)));
    // A store is no backup.
    let opener = Opener::sqlite();
    let store = filled(&opener);
    assert!(matches!(restore(store.path(), &Opener::sqlite()).unwrap_err(), StoreError::Refused(_)));
}

static ANOTHER: Kind = Kind::new::<Thing>("wish", "wish", &["wi"], &[]);

#[test]
fn a_newer_store_or_backup_is_left_to_the_newer_kontor() {
    for from in openers() {
        let store = filled(&from);
        let wider = Schema { kinds: schema().kinds.into_iter().chain([&ANOTHER]).collect() };
        drop(store.open_with(&wider).unwrap());
        let file = File::new();
        let error = write(&from, &file.0).unwrap_err();
        assert!(matches!(&error, StoreError::Newer(text) if text.contains("table wish")), "{error}");
        let notes = Notes::default();
        backup::write(&from.location(), &wider, &file.0, &notes).unwrap();
        let error = restore(&file.0, &Opener::sqlite()).unwrap_err();
        assert!(matches!(&error, StoreError::Newer(text) if text.contains("table wish")), "{error}");
        store.execute("UPDATE meta SET value = '900' WHERE name = 'schema_version'");
        assert!(matches!(write(&from, &File::new().0).unwrap_err(), StoreError::Newer(_)));
    }
}

#[test]
fn an_older_kontors_backup_goes_into_a_store_with_more_kinds() {
    let from = Opener::sqlite();
    let _store = filled(&from);
    let file = File::new();
    write(&from, &file.0).unwrap();
    let wider = Schema { kinds: schema().kinds.into_iter().chain([&ANOTHER]).collect() };
    for to in openers() {
        backup::read(&file.0, &to.location(), &wider).unwrap().finish().unwrap();
        let (reader, _) = to.open(&wider).unwrap();
        assert_eq!(reader.get(&ANOTHER, "wi_1").unwrap(), None);
        assert_eq!(reader.get(&THING, "th_1").unwrap(), Some(row("th_1", 1)));
    }
}
