use kernel::{ApiError, Result, Timestamp};
use serde_json::json;
use store::{Document, Job, Tx};
use workers::{JobHandlers, advance};

use crate::harness::{Sandbox, eventually};

const BEGINNING: i64 = 1_793_620_800;

/// Writes down which job ran when, in seconds after the beginning.
fn note(tx: &mut Tx, job: &Job) -> Result<()> {
    let before = tx.reader().setting("ran").unwrap().unwrap_or_default();
    let name = job.payload["name"].as_str().unwrap_or(&job.name).to_owned();
    tx.set("ran", format!("{before} {name}@{}", tx.now().0 - BEGINNING).trim());
    Ok(())
}

fn fail(_: &mut Tx, _: &Job) -> Result<()> {
    Err(ApiError::bug())
}

fn fail_twice(tx: &mut Tx, job: &Job) -> Result<()> {
    if job.attempts < 2 { Err(ApiError::bug()) } else { note(tx, job) }
}

fn panic(_: &mut Tx, _: &Job) -> Result<()> {
    panic!("a handler's bug")
}

/// Schedules a note ten seconds later, and one for the same moment.
fn chain(tx: &mut Tx, job: &Job) -> Result<()> {
    note(tx, job)?;
    tx.schedule("note", tx.now(), json!({ "name": "at_once" }))?;
    tx.schedule("note", tx.now().plus(10), json!({ "name": "later" }))
}

/// Runs every thirty seconds.
fn every(tx: &mut Tx, job: &Job) -> Result<()> {
    note(tx, job)?;
    let mut again = tx.find::<Job>(&job.id)?.unwrap();
    again.due = tx.now().plus(30);
    tx.put(&again)
}

fn for_ever(tx: &mut Tx, _: &Job) -> Result<()> {
    tx.schedule("for_ever", tx.now(), json!({}))
}

fn handlers() -> JobHandlers {
    JobHandlers::from([
        ("note", note as workers::JobHandler),
        ("fail", fail),
        ("fail_twice", fail_twice),
        ("panic", panic),
        ("chain", chain),
        ("every", every),
        ("for_ever", for_ever),
    ])
}

async fn schedule(sandbox: &Sandbox, name: &str, label: &str, after: i64) {
    let due = sandbox.world.now().plus(after);
    sandbox.run(|tx| tx.schedule(name, due, json!({ "name": label }))).await;
}

fn ran(sandbox: &Sandbox) -> String {
    sandbox.world.reader().setting("ran").unwrap().unwrap_or_default()
}

fn jobs_left(sandbox: &Sandbox) -> Vec<Job> {
    let rows = sandbox.world.reader().scan(Job::KIND, "", 100).unwrap();
    rows.iter().map(|row| serde_json::from_str(&row.data).unwrap()).collect()
}

async fn move_to(sandbox: &Sandbox, after: i64) {
    advance(&sandbox.world, &handlers(), Timestamp(BEGINNING + after)).await.unwrap();
}

#[tokio::test]
async fn jobs_run_in_order_each_at_its_own_time() {
    let sandbox = Sandbox::new().await;
    for (label, after) in [("c", 30), ("a", 10), ("b", 20), ("b2", 20), ("not_yet", 61)] {
        schedule(&sandbox, "note", label, after).await;
    }
    move_to(&sandbox, 60).await;
    assert_eq!(ran(&sandbox), "a@10 b@20 b2@20 c@30");
    assert_eq!((sandbox.world.now().0, jobs_left(&sandbox).len()), (BEGINNING + 60, 1));
}

#[tokio::test]
async fn what_a_job_schedules_on_the_way_runs_on_the_way() {
    let sandbox = Sandbox::new().await;
    schedule(&sandbox, "note", "between", 15).await;
    schedule(&sandbox, "chain", "chain", 10).await;
    schedule(&sandbox, "every", "every", 5).await;
    move_to(&sandbox, 40).await;
    assert_eq!(ran(&sandbox), "every@5 chain@10 at_once@10 between@15 later@20 every@35");
    let left = jobs_left(&sandbox);
    assert_eq!(left.iter().map(|job| job.due.0 - BEGINNING).collect::<Vec<_>>(), [65]);
}

#[tokio::test]
async fn a_failing_job_comes_back_later_and_stops_nobody() {
    let sandbox = Sandbox::new().await;
    schedule(&sandbox, "fail", "", 1).await;
    schedule(&sandbox, "panic", "", 1).await;
    schedule(&sandbox, "unheard_of", "", 1).await;
    schedule(&sandbox, "fail_twice", "third_time", 1).await;
    schedule(&sandbox, "note", "next", 2).await;
    move_to(&sandbox, 60).await;
    assert_eq!(ran(&sandbox), "next@2 third_time@16");
    assert_eq!(jobs_left(&sandbox).iter().map(|job| job.attempts).collect::<Vec<_>>(), [4, 4, 4]);
}

#[tokio::test]
async fn a_job_that_always_fails_is_put_aside() {
    let sandbox = Sandbox::new().await;
    schedule(&sandbox, "fail", "", 1).await;
    move_to(&sandbox, 30 * kernel::DAY).await;
    let job = jobs_left(&sandbox).remove(0);
    assert_eq!(job.attempts, 20);
    assert!(BEGINNING + 90 * 365 * kernel::DAY < job.due.0);
}

#[tokio::test]
async fn jobs_that_schedule_each_other_without_end_are_stopped() {
    let sandbox = Sandbox::new().await;
    schedule(&sandbox, "for_ever", "", 1).await;
    let moved = advance(&sandbox.world, &handlers(), Timestamp(BEGINNING + 10)).await;
    assert_eq!(moved.unwrap_err().http_status(), 500);
}

#[tokio::test]
async fn many_jobs_of_one_moment_are_run_beyond_a_page() {
    let sandbox = Sandbox::new().await;
    let due = Timestamp(BEGINNING + 5);
    sandbox.run(|tx| (0..1_201).try_for_each(|_| tx.schedule("note", due, json!({ "name": "x" })))).await;
    move_to(&sandbox, 10).await;
    assert_eq!((ran(&sandbox).matches("x@5").count(), jobs_left(&sandbox).len()), (1_201, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_runner_does_what_is_due_and_what_becomes_due() {
    let sandbox = Sandbox::new().await;
    schedule(&sandbox, "note", "before", 0).await;
    let (one, other) = (sandbox.work_with(handlers()), sandbox.work_with(handlers()));
    eventually(|| (ran(&sandbox) == "before@0").then_some(())).await;
    schedule(&sandbox, "note", "after", 100).await;
    sandbox.advance(150);
    // Dated when it was due, although it ran later; and by one of the two processes only.
    eventually(|| (ran(&sandbox) == "before@0 after@100").then_some(())).await;
    one.stop().await;
    other.stop().await;
    assert_eq!(ran(&sandbox), "before@0 after@100");
}
