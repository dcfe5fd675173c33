//! Configuration: flags, then environment (`KONTOR_*`), then a TOML file, then defaults.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Deserialize;

/// What is wrong with the command line, the environment or the file: one line for people. The process ends with 2.
#[derive(Debug)]
pub(crate) struct ConfigError(pub(crate) String);

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    /// For people: a line of text each.
    #[default]
    Human,
    /// For machines: a JSON object each.
    Json,
}

/// Where the store is: what every command that opens it needs.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct StoreOptions {
    /// The folder that holds the embedded store and the keys [default: ./kontor-data]
    #[arg(long, env = "KONTOR_DATA", value_name = "FOLDER")]
    pub(crate) data: Option<PathBuf>,

    /// Keep everything in this PostgreSQL database instead of the embedded store: postgres://user@host/name
    #[arg(long, env = "KONTOR_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,

    /// The key that private fields are encrypted with, 64 hexadecimal digits [default: a file in the data folder]
    #[arg(long, env = "KONTOR_MASTER_KEY", value_name = "HEX", hide_env_values = true)]
    pub(crate) master_key: Option<String>,

    /// A TOML file with the same settings: the flags' long names with underscores
    #[arg(long, env = "KONTOR_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// What `kontor serve` can be told.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ServeOptions {
    #[command(flatten)]
    pub(crate) store: StoreOptions,

    /// The address to listen on; port 0 takes a free one [default: 127.0.0.1:4242]
    #[arg(long, env = "KONTOR_LISTEN", value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<String>,

    /// Where people and browsers reach this server, when it is behind a proxy [default: http:// and the address]
    #[arg(long, env = "KONTOR_BASE_URL", value_name = "URL")]
    pub(crate) base_url: Option<String>,

    /// The country of the platform that the first start makes: two letters [default: US]
    #[arg(long, env = "KONTOR_COUNTRY", value_name = "CODE")]
    pub(crate) country: Option<String>,

    /// A secret key of your own choice for the platform, for CI: sk_test_ and at least 16 letters and digits
    #[arg(long, env = "KONTOR_SECRET_KEY", value_name = "KEY", hide_env_values = true)]
    pub(crate) secret_key: Option<String>,

    /// Connections open at once at the most; further ones wait in the system's queue [default: 4096]
    #[arg(long, env = "KONTOR_MOST_CONNECTIONS", value_name = "NUMBER")]
    pub(crate) most_connections: Option<usize>,

    /// Requests worked on at once at the most; further ones are answered 429 [default: no limit in a sandbox]
    #[arg(long, env = "KONTOR_MOST_IN_FLIGHT", value_name = "NUMBER")]
    pub(crate) most_in_flight: Option<usize>,

    /// Requests per second and account at the most; further ones are answered 429 [default: no limit in a sandbox]
    #[arg(long, env = "KONTOR_MOST_PER_SECOND", value_name = "NUMBER")]
    pub(crate) most_per_second: Option<u32>,

    /// How logs are written [default: human]
    #[arg(long, env = "KONTOR_LOG_FORMAT", value_enum)]
    pub(crate) log_format: Option<LogFormat>,

    /// What is logged: error, warn, info, debug, or per part as in `info,workers=debug` [default: info]
    #[arg(long, env = "KONTOR_LOG", value_name = "FILTER")]
    pub(crate) log: Option<String>,
}

/// The file: every setting may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    data: Option<PathBuf>,
    database_url: Option<String>,
    master_key: Option<String>,
    listen: Option<String>,
    base_url: Option<String>,
    country: Option<String>,
    secret_key: Option<String>,
    most_connections: Option<usize>,
    most_in_flight: Option<usize>,
    most_per_second: Option<u32>,
    log_format: Option<LogFormat>,
    log: Option<String>,
}

/// Where the store is, decided.
#[derive(Debug, Clone)]
pub(crate) struct StoreConfig {
    pub(crate) data: PathBuf,
    pub(crate) database_url: Option<String>,
    pub(crate) master_key: Option<[u8; 32]>,
}

/// What `kontor serve` does, decided and checked.
#[derive(Debug, Clone)]
pub(crate) struct ServeConfig {
    pub(crate) store: StoreConfig,
    pub(crate) listen: SocketAddr,
    pub(crate) base_url: Option<String>,
    pub(crate) country: &'static kernel::Country,
    pub(crate) secret_key: Option<String>,
    pub(crate) most_connections: usize,
    pub(crate) limits: wire::Limits,
    pub(crate) log_format: LogFormat,
    pub(crate) log: String,
}

fn read_file(path: Option<&Path>) -> Result<File, ConfigError> {
    let Some(path) = path else { return Ok(File::default()) };
    let text = std::fs::read_to_string(path)
        .map_err(|error| ConfigError(format!("The configuration file {} cannot be read: {error}.", path.display())))?;
    toml::from_str(&text).map_err(|error| {
        let message = error.message().replace('\n', " ");
        ConfigError(format!("The configuration file {} is not right: {message}.", path.display()))
    })
}

pub(crate) fn parse_master_key(text: &str) -> Result<[u8; 32], ConfigError> {
    let wrong = || ConfigError("The master key must be 64 hexadecimal digits.".into());
    if text.len() != 64 || !text.is_ascii() {
        return Err(wrong());
    }
    let mut key = [0; 32];
    for (i, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).map_err(|_| wrong())?;
    }
    Ok(key)
}

fn check_database_url(url: String) -> Result<String, ConfigError> {
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        Ok(url)
    } else {
        Err(ConfigError("The database URL must start with postgres:// or postgresql://.".into()))
    }
}

fn check_secret_key(key: String) -> Result<String, ConfigError> {
    let rest = key.strip_prefix("sk_test_").unwrap_or_default();
    if 16 <= rest.len() && rest.len() <= 200 && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        Ok(key)
    } else {
        Err(ConfigError("The secret key must be sk_test_ and at least 16 letters and digits.".into()))
    }
}

impl StoreOptions {
    fn decide(self, file: &File) -> Result<StoreConfig, ConfigError> {
        let database_url = self.database_url.or_else(|| file.database_url.clone());
        let master_key = self.master_key.or_else(|| file.master_key.clone());
        Ok(StoreConfig {
            data: self.data.or_else(|| file.data.clone()).unwrap_or_else(|| PathBuf::from("./kontor-data")),
            database_url: database_url.map(check_database_url).transpose()?,
            master_key: master_key.as_deref().map(parse_master_key).transpose()?,
        })
    }

    /// Lays the layers over each other and checks what comes out.
    pub(crate) fn resolve(self) -> Result<StoreConfig, ConfigError> {
        let file = read_file(self.config.as_deref())?;
        self.decide(&file)
    }
}

impl ServeOptions {
    /// Lays the layers over each other and checks what comes out.
    pub(crate) fn resolve(self) -> Result<ServeConfig, ConfigError> {
        let file = read_file(self.store.config.as_deref())?;
        let listen = self.listen.or_else(|| file.listen.clone()).unwrap_or_else(|| "127.0.0.1:4242".into());
        let listen = listen.parse().map_err(|_| {
            ConfigError(format!(
                "The address to listen on, {listen}, must be an IP address and a port, as in 127.0.0.1:4242."
            ))
        })?;
        let country = self.country.or_else(|| file.country.clone()).unwrap_or_else(|| "US".into());
        let country = kernel::Country::find(&country)
            .ok_or_else(|| ConfigError(format!("Kontor cannot open a platform in the country {country} yet.")))?;
        let base_url = self.base_url.or_else(|| file.base_url.clone());
        if let Some(url) = &base_url
            && !(url.starts_with("http://") || url.starts_with("https://"))
        {
            return Err(ConfigError(format!("The base URL, {url}, must start with http:// or https://.")));
        }
        let secret_key = self.secret_key.or_else(|| file.secret_key.clone());
        Ok(ServeConfig {
            listen,
            base_url: base_url.map(|url| url.trim_end_matches('/').to_owned()),
            country,
            secret_key: secret_key.map(check_secret_key).transpose()?,
            most_connections: self.most_connections.or(file.most_connections).unwrap_or(4_096).max(1),
            limits: wire::Limits {
                in_flight: self.most_in_flight.or(file.most_in_flight),
                per_second: self.most_per_second.or(file.most_per_second),
            },
            log_format: self.log_format.or(file.log_format).unwrap_or_default(),
            log: self.log.or_else(|| file.log.clone()).unwrap_or_else(|| "info".into()),
            store: self.store.decide(&file)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> (ServeOptions, PathBuf) {
        let path = std::env::temp_dir().join(format!("kontor-config-{}-{}.toml", std::process::id(), text.len()));
        std::fs::write(&path, text).unwrap();
        let store = StoreOptions { config: Some(path.clone()), ..StoreOptions::default() };
        (ServeOptions { store, ..ServeOptions::default() }, path)
    }

    #[test]
    fn flags_win_over_the_file_and_the_file_over_defaults() {
        let (mut options, path) = file("listen = \"127.0.0.1:1\"\ncountry = \"gb\"\n");
        options.country = Some("DE".into());
        let config = options.resolve().unwrap();
        std::fs::remove_file(path).unwrap();
        assert_eq!(config.listen.port(), 1);
        assert_eq!(config.country.code, "DE");
        assert_eq!(config.store.data, PathBuf::from("./kontor-data"));
    }

    #[test]
    fn a_wrong_value_is_one_clear_line() {
        let cases = [
            ("listen = \"here\"", "The address to listen on, here, must be"),
            ("country = \"XX\"", "cannot open a platform in the country XX"),
            ("database_url = \"mysql://x\"", "must start with postgres://"),
            ("master_key = \"abc\"", "64 hexadecimal digits"),
            ("secret_key = \"sk_live_x\"", "must be sk_test_"),
            ("speed = 9", "unknown field"),
        ];
        for (text, expected) in cases {
            let (options, path) = file(text);
            let error = options.resolve().unwrap_err().0;
            std::fs::remove_file(path).unwrap();
            assert!(error.contains(expected), "{error}");
            assert!(!error.contains('\n'), "{error}");
        }
    }
}
