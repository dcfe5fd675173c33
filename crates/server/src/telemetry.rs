//! Logs and metrics.

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use crate::config::{ConfigError, LogFormat};

/// Starts logging to standard error.
pub(crate) fn start_logging(format: LogFormat, filter: &str) -> Result<(), ConfigError> {
    let filter =
        EnvFilter::try_new(filter).map_err(|_| ConfigError(format!("The log filter {filter} is not right.")))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Human => builder.with_target(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| ConfigError(format!("Logging cannot be started: {error}.")))
}

/// Starts collecting metrics; the handle renders them for `/metrics`.
pub(crate) fn start_metrics() -> Result<PrometheusHandle, ConfigError> {
    let buckets = [0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
    PrometheusBuilder::new()
        .set_buckets(&buckets)
        .and_then(|builder| builder.install_recorder())
        .map_err(|error| ConfigError(format!("Metrics cannot be started: {error}.")))
}
