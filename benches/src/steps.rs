//! What is measured, step by step.

use std::time::{Duration, Instant};

use crate::load::{Job, run_load, run_paced};
use crate::receiver::Receiver;
use crate::report::Report;
use crate::server::{Engine, Server};
use crate::{Failure, Options, raw, refuse_errors};

/// Charges per second that are written while reads are measured.
const WRITTEN_BESIDE_READS: f64 = 500.0;
/// Requests per second that are allowed when ten times as many are asked: few enough that two cores can ask and refuse the
/// others beside.
const LIMIT: u32 = 500;
/// Charges in the store that a large one is compared with.
const SMALL: u64 = 10_000;

/// Measures one engine: the raw rate for the rows that a charge writes, and Kontor beside it.
pub(crate) async fn one_engine(options: &Options, engine: &Engine, report: &mut Report) -> Result<(), Failure> {
    let span = Duration::from_secs(options.seconds);
    let server = Server::start(&options.kontor, engine).await?;
    let name = engine.name();
    report.note(&format!("{name}: memory when idle, MB"), server.memory_mb());
    let charge = server.charge_form().await?;
    let intent = server.one_charge(&charge).await?;
    let job = Job::post("/v1/payment_intents", &charge);
    run_load(&server.address, &job, 16, Duration::from_secs(1)).await?;
    let sample = raw::sample(engine, &server).await?;
    eprintln!("{name}: a destination charge writes {:.1} rows and {:.0} bytes", sample.rows(), sample.bytes());
    report.note(&format!("{name}: rows per destination charge"), sample.rows());
    report.note(&format!("{name}: bytes per destination charge, as written"), sample.bytes());
    for round in 0..options.rounds {
        eprintln!("{name}: round {} of {}", round + 1, options.rounds);
        let fdatasync = raw::fdatasync(&server.folder, span.min(Duration::from_secs(2)))?;
        report.add(&format!("{name}: fdatasync of 4 KB, per second"), fdatasync, None);
        let raw = raw::measure(engine, &server, &sample, span).await?;
        let reference = format!("{name}: raw engine, same rows, 64 per commit");
        report.add(&reference, raw, None);
        let mut at_64 = 0.0;
        for connections in [64, 16, 1] {
            let measured = run_load(&server.address, &job, connections, span).await?;
            refuse_errors(&measured)?;
            let what = format!("{name}: destination charges, {connections} connections");
            report.add(&what, measured.rate(), (connections == 64).then_some((reference.as_str(), raw)));
            let one_sync = ("one fdatasync", 1_000.0 / fdatasync);
            report.add(&format!("{what}, p50 ms"), measured.percentile(50.0), (connections == 1).then_some(one_sync));
            report.add(&format!("{what}, p99 ms"), measured.percentile(99.0), None);
            if connections == 64 {
                at_64 = measured.rate();
            }
        }
        webhooks(&server, &job, span, (name, at_64), report).await?;
        reads(&server, &job, &intent, span.min(Duration::from_secs(3)), name, report).await?;
        if let Engine::Postgres(_) = engine {
            several_processes(&server, &job, span, report).await?;
        }
    }
    report.note(&format!("{name}: memory after the run, MB"), server.memory_mb());
    server.audit().await?;
    server.stop().await
}

/// Charges while an endpoint hears of each, beside the rate without; and how fast it hears of them. The second time an
/// endpoint that never answers stands beside it.
async fn webhooks(
    server: &Server,
    job: &Job,
    span: Duration,
    (name, without): (&str, f64),
    report: &mut Report,
) -> Result<(), Failure> {
    for (what, with_dead) in [("a webhook each", false), ("a webhook each, a dead endpoint beside", true)] {
        let receiver = Receiver::quick().await?;
        let dead = Receiver::dead().await?;
        let mut endpoints = vec![server.subscribe(&receiver.url, "payment_intent.succeeded").await?];
        if with_dead {
            endpoints.push(server.subscribe(&dead.url, "payment_intent.succeeded").await?);
        }
        let started = Instant::now();
        let measured = run_load(&server.address, job, 64, span).await?;
        refuse_errors(&measured)?;
        let charges = measured.count();
        report.add(
            &format!("{name}: destination charges, 64 connections, {what}"),
            measured.rate(),
            Some(("without", without)),
        );
        // What was not sent meanwhile is sent now; a delivery that is lost would be waited for in vain.
        let patience = started + span * 10;
        while receiver.count() < charges {
            if patience < Instant::now() {
                return Err(format!("{} of {charges} webhooks came", receiver.count()).into());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let rate = charges as f64 / started.elapsed().as_secs_f64();
        report.add(&format!("{name}: signed deliveries, {what}"), rate, None);
        for endpoint in endpoints {
            server.unsubscribe(&endpoint).await?;
        }
    }
    Ok(())
}

/// Reads while charges are written.
async fn reads(
    server: &Server,
    job: &Job,
    intent: &str,
    span: Duration,
    name: &str,
    report: &mut Report,
) -> Result<(), Failure> {
    for (what, path) in [
        ("reads of one payment intent", format!("/v1/payment_intents/{intent}")),
        ("lists of 100 payment intents", "/v1/payment_intents?limit=100".to_owned()),
    ] {
        let path = Job::get(&path);
        let (written, measured) = tokio::join!(
            run_paced(&server.address, job, 16, span, Some(WRITTEN_BESIDE_READS)),
            run_load(&server.address, &path, 64, span)
        );
        let (written, measured) = (written?, measured?);
        refuse_errors(&written)?;
        refuse_errors(&measured)?;
        report.add(&format!("{name}: {what}, 64 connections"), measured.rate(), None);
        report.add(&format!("{name}: charges written beside them"), written.rate(), None);
    }
    Ok(())
}

/// One process and several on one database, which share the connections.
async fn several_processes(server: &Server, job: &Job, span: Duration, report: &mut Report) -> Result<(), Failure> {
    let mut one = None;
    for processes in [1, 2, 4] {
        let mut others = Vec::new();
        for _ in 1..processes {
            others.push(server.beside().await?);
        }
        let loads = std::iter::once(server)
            .chain(&others)
            .map(|server| {
                let (address, job) = (server.address.clone(), job.clone());
                tokio::spawn(async move { run_load(&address, &job, 64 / processes, span).await })
            })
            .collect::<Vec<_>>();
        let (mut rate, mut p99) = (0.0, 0.0_f64);
        for load in loads {
            let measured = load.await??;
            refuse_errors(&measured)?;
            rate += measured.rate();
            p99 = p99.max(measured.percentile(99.0));
        }
        let what = format!("PostgreSQL: destination charges, 64 connections to {processes} processes");
        report.add(&what, rate, one.map(|one| ("one process", one)));
        one = one.or(Some(rate));
        report.add(&format!("{what}, p99 ms"), p99, None);
        for other in others {
            other.leave().await?;
        }
    }
    Ok(())
}

/// Ten times the load that a limit allows: what is over it is refused, and the rest is answered as before.
pub(crate) async fn overload(options: &Options, engine: &Engine, report: &mut Report) -> Result<(), Failure> {
    let allowed = LIMIT.to_string();
    let limits = ["--most-per-second", &allowed, "--most-in-flight", "64"].map(str::to_owned).to_vec();
    let server = Server::start_with(&options.kontor, engine, limits).await?;
    let charge = server.charge_form().await?;
    let job = Job::post("/v1/payment_intents", &charge);
    let (name, span, limit) = (engine.name(), Duration::from_secs(options.seconds), f64::from(LIMIT));
    for _ in 0..options.rounds {
        let normal = run_paced(&server.address, &job, 64, span, Some(limit * 0.9)).await?;
        let normal_p99 = normal.percentile(99.0);
        report.add(&format!("{name}: limit of {LIMIT}/s, 0.9 of it asked: p99 ms"), normal_p99, None);
        // A limit lets a second's worth through at once: that is over before overload is measured.
        run_paced(&server.address, &job, 640, Duration::from_secs(1), Some(limit * 10.0)).await?;
        let much = run_paced(&server.address, &job, 640, span, Some(limit * 10.0)).await?;
        if much.errors != 0 {
            return Err(format!("{} requests failed under overload: {}", much.errors, much.first_error).into());
        }
        let what = format!("{name}: limit of {LIMIT}/s, ten times as much asked");
        report.add(&format!("{what}: charges per second"), much.rate(), Some(("the limit", limit)));
        report.add(&format!("{what}: refused per second"), much.refused_rate(), None);
        report.add(&format!("{what}: p99 ms of charges"), much.percentile(99.0), Some(("normal", normal_p99)));
    }
    server.audit().await?;
    server.stop().await
}

/// Whether a store with many charges is as quick as one with few.
pub(crate) async fn large_store(
    options: &Options,
    engine: &Engine,
    charges: u64,
    report: &mut Report,
) -> Result<(), Failure> {
    let name = engine.name();
    let mut server = Server::start(&options.kontor, engine).await?;
    let charge = server.charge_form().await?;
    let intent = server.one_charge(&charge).await?;
    let job = Job::post("/v1/payment_intents", &charge);
    let mut small = Vec::new();
    let mut written = 0;
    for size in [SMALL, charges] {
        while written < size {
            let part = run_load(&server.address, &job, 64, Duration::from_secs(2)).await?;
            refuse_errors(&part)?;
            written += part.count();
        }
        eprintln!("{name}: {written} charges");
        server = server.again().await?;
        let what = |what: &str| format!("{name}, {size} charges: {what}");
        report.note(&what("bytes on disk per charge"), server.bytes_on_disk().await? / written as f64);
        report.note(&what("start until it listens, ms"), server.took_to_start.as_secs_f64() * 1_000.0);
        report.note(&what("memory when idle, MB"), server.memory_mb());
        let span = Duration::from_secs(options.seconds);
        for (at, (label, job)) in [
            ("destination charges, 64 connections", job.clone()),
            ("reads of one payment intent", Job::get(&format!("/v1/payment_intents/{intent}"))),
            ("lists of 100 payment intents", Job::get("/v1/payment_intents?limit=100")),
            ("balances", Job::get("/v1/balance")),
        ]
        .into_iter()
        .enumerate()
        {
            // Caches and statistics of a store just opened are not what is compared.
            run_load(&server.address, &job, 64, span / 2).await?;
            let measured = run_load(&server.address, &job, 64, span).await?;
            refuse_errors(&measured)?;
            if size == SMALL {
                small.push(measured.rate());
            }
            let reference = (size != SMALL).then(|| ("few charges", small[at]));
            report.add(&what(label), measured.rate(), reference);
        }
        report.note(&what("memory under load, MB"), server.memory_mb());
        // Everything becomes available, and automatic payouts pay it out.
        let started = Instant::now();
        server.ask("POST", "/kontor/v1/clock/advance", "seconds=864000").await?;
        report.note(&what("ten days pass, s"), started.elapsed().as_secs_f64());
        report.note(&what("memory afterwards, MB"), server.memory_mb());
        let started = Instant::now();
        server.audit().await?;
        report.note(&what("audit, s"), started.elapsed().as_secs_f64());
    }
    server.stop().await
}
