//! `kontor serve`: the store, the world, the API, the workers and the pages behind one address.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use wire::Api;
use workers::{Options, Workers};

use crate::config::{ConfigError, ServeConfig};
use crate::seed::{SandboxKeys, seed};
use crate::{listen, open, telemetry};

/// How long open connections may take to finish after the signal to stop.
const FAREWELL: Duration = Duration::from_secs(10);

/// Serves until the process is told to stop, then finishes what is in flight.
pub(crate) fn run(config: &ServeConfig) -> Result<(), ConfigError> {
    telemetry::start_logging(config.log_format, &config.log)?;
    let metrics = telemetry::start_metrics()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| ConfigError(format!("The server cannot be started: {error}.")))?;
    runtime.block_on(serve(config, metrics))
}

async fn serve(config: &ServeConfig, metrics: PrometheusHandle) -> Result<(), ConfigError> {
    let listener = TcpListener::bind(config.listen).await.map_err(|error| cannot_listen(config.listen, &error))?;
    let address = listener.local_addr().map_err(|error| cannot_listen(config.listen, &error))?;
    let base_url = config.base_url.clone().unwrap_or_else(|| format!("http://{address}"));

    let opening = (config.store.clone(), base_url.clone());
    let opened = tokio::task::spawn_blocking(move || open::world(&opening.0, &opening.1)).await;
    let world = Arc::new(opened.map_err(|error| ConfigError(error.to_string()))??);
    let api = Arc::new(open::api(world.clone()));
    let keys = seed(&api, config, &base_url).await?;
    let workers = Workers::start(world.clone(), open::job_handlers(), Options::default());

    let router = Router::new()
        .merge(web::routes(api.clone(), &keys.publishable_key))
        .merge(workers.clock_routes(api.clone()))
        .merge(health_routes(api.clone(), metrics))
        .merge(wire::serve(api.clone(), config.limits));
    print_welcome(&base_url, config, &keys);

    let stop = async {
        told_to_stop().await;
        tracing::info!("told to stop: finishing what is in flight");
    };
    listen::serve(listener, router, config.most_connections, stop, FAREWELL).await;
    workers.stop().await;
    drop(api);
    if let Some(world) = Arc::into_inner(world) {
        tokio::task::spawn_blocking(move || world.close()).await.map_err(|error| ConfigError(error.to_string()))?;
    }
    tracing::info!("stopped");
    Ok(())
}

fn cannot_listen(address: SocketAddr, error: &std::io::Error) -> ConfigError {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => ConfigError(format!(
            "Port {} on {} is taken: stop what listens there, or choose another with --listen.",
            address.port(),
            address.ip()
        )),
        _ => ConfigError(format!("Kontor cannot listen on {address}: {error}.")),
    }
}

/// SIGTERM, as service managers send it, or Ctrl-C.
async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

fn health_routes(api: Arc<Api>, metrics: PrometheusHandle) -> Router {
    let metrics_page = move || {
        let text = metrics.render();
        async move { ([("content-type", "text/plain; version=0.0.4")], text) }
    };
    Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .with_state(api)
        .route("/metrics", get(metrics_page))
}

/// Whether the store answers.
async fn ready(State(api): State<Arc<Api>>) -> (StatusCode, &'static str) {
    match api.world().reader().setting("platforms") {
        Ok(_) => (StatusCode::OK, "ready"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer"),
    }
}

fn print_welcome(base_url: &str, config: &ServeConfig, keys: &SandboxKeys) {
    let store = match config.store.database_url {
        Some(_) => "PostgreSQL".to_owned(),
        None => format!("{}", config.store.data.display()),
    };
    say!("Kontor {} listening on {base_url}", env!("CARGO_PKG_VERSION"));
    say!();
    say!("  platform         {}   ({}, a sandbox: no real money moves)", keys.platform, config.country.code);
    say!("  application      {}", keys.application);
    say!("  secret key       {}", keys.secret_key);
    say!("  publishable key  {}", keys.publishable_key);
    for (i, seller) in keys.sellers.iter().enumerate() {
        say!("  {}  {seller}", if i == 0 { "sellers        " } else { "               " });
    }
    say!("  store            {store}");
    say!();
    if let Some(seller) = keys.sellers.first() {
        say!("A first payment: $20.00 for a seller, of which the platform keeps $2.00:");
        say!();
        say!("  curl {base_url}/v1/payment_intents -u {}: \\", keys.secret_key);
        say!("    -d amount=2000 -d currency=usd -d payment_method=pm_card_visa -d confirm=true \\");
        say!(
            "    -d 'automatic_payment_methods[enabled]=true' -d 'automatic_payment_methods[allow_redirects]=never' \\"
        );
        say!("    -d application_fee_amount=200 -d 'transfer_data[destination]={seller}'");
        say!();
    }
    // Whoever started us may wait for these lines through a pipe.
    let _ = std::io::Write::flush(&mut std::io::stdout());
}
