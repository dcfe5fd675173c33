//! The command line.

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use wire::KeyKind;

use crate::backup::{self, BackupOptions, RestoreOptions};
use crate::client::Client;
use crate::config::{ConfigError, ServeOptions, StoreOptions};
use crate::seed::SandboxKeys;
use crate::{audit, clock, demo, fees, keys, serve};

/// Kontor: a self-hosted multiparty payments platform that speaks Stripe Connect's API.
#[derive(Debug, Parser)]
#[command(name = "kontor", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve(Box<ServeOptions>),
    /// Play a small marketplace against a running server, and show who earned what
    Demo(DemoOptions),
    /// Check the whole store: books, balances, documents, seals
    Audit(StoreOptions),
    /// Write the whole store into a file, while it is in use; for either engine
    Backup(BackupOptions),
    /// Fill an empty store from a backup, of either engine
    Restore(RestoreOptions),
    /// API keys of the platform
    #[command(subcommand)]
    Keys(KeysCommand),
    /// The clock of a running sandbox
    #[command(subcommand)]
    Clock(ClockCommand),
    /// Show what processing a payment costs
    Fees,
}

#[derive(Debug, Args)]
struct DemoOptions {
    #[command(flatten)]
    server: ServerOptions,

    /// How many orders are placed
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    orders: u32,

    /// The same seed plays the same marketplace
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Debug, Args)]
struct ServerOptions {
    #[command(flatten)]
    store: StoreOptions,

    /// Where the server is [default: as noted in the data folder]
    #[arg(long, env = "KONTOR_SERVER", value_name = "URL")]
    server: Option<String>,

    /// A secret key of the platform [default: as noted in the data folder]
    #[arg(long, env = "KONTOR_SECRET_KEY", value_name = "KEY", hide_env_values = true)]
    secret_key: Option<String>,
}

impl ServerOptions {
    fn client(self) -> Result<(Client, StoreOptions), ConfigError> {
        let data = self.store.clone().resolve()?.data;
        let noted = SandboxKeys::read(&data);
        let server = self.server.or_else(|| noted.as_ref().map(|keys| keys.address.clone()));
        let key = self.secret_key.or_else(|| noted.map(|keys| keys.secret_key));
        match (server, key) {
            (Some(server), Some(key)) => Ok((Client::new(&server, &key), self.store)),
            _ => Err(ConfigError(format!(
                "No server is noted in {}: start `kontor serve` first, or name one with --server and --secret-key.",
                data.display()
            ))),
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum KeyKindOption {
    Secret,
    Publishable,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Show all keys: what is known of them, never the keys
    List(StoreOptions),
    /// Make a key and print it, this once
    Create {
        #[command(flatten)]
        store: StoreOptions,
        /// What it may do
        #[arg(long, value_enum, default_value = "secret")]
        kind: KeyKindOption,
        /// What it is for, in your words
        #[arg(long)]
        name: Option<String>,
    },
    /// Revoke a key
    Revoke {
        #[command(flatten)]
        store: StoreOptions,
        /// The key, whole or as it is listed
        key: String,
    },
}

#[derive(Debug, Subcommand)]
enum ClockCommand {
    /// Show what time it is in the world
    Show(ServerOptions),
    /// Move the clock forward by 3d, 12h, 90m or 30s, and run what is due
    Advance {
        #[command(flatten)]
        server: ServerOptions,
        /// How far
        span: String,
    },
    /// Move the clock forward to a date or moment, and run what is due
    AdvanceTo {
        #[command(flatten)]
        server: ServerOptions,
        /// 2026-12-24, 2026-12-24T08:00:00Z or Unix seconds
        date: String,
    },
}

/// Runs the command that the process was started with. 0: done; 1: it found or met a failure; 2: it was asked wrongly.
pub fn run() -> ExitCode {
    match dispatch(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("kontor: {error}");
            ExitCode::from(2)
        }
    }
}

fn dispatch(command: Command) -> Result<ExitCode, ConfigError> {
    match command {
        Command::Serve(options) => serve::run(&options.resolve()?).map(|()| ExitCode::SUCCESS),
        Command::Demo(options) => {
            let (client, store) = options.server.client()?;
            let config = store.resolve()?;
            over_http(demo::run(&client, &config, options.orders, options.seed))
        }
        Command::Audit(options) => {
            let clean = audit::run(&options.resolve()?)?;
            Ok(clean_or_not(clean))
        }
        Command::Backup(options) => backup::write(options).map(clean_or_not),
        Command::Restore(options) => backup::read(options).map(clean_or_not),
        Command::Keys(command) => keys_command(command).map(|()| ExitCode::SUCCESS),
        Command::Clock(ClockCommand::Show(server)) => over_http(clock::show(&server.client()?.0)),
        Command::Clock(ClockCommand::Advance { server, span }) => over_http(clock::advance(&server.client()?.0, &span)),
        Command::Clock(ClockCommand::AdvanceTo { server, date }) => {
            over_http(clock::advance_to(&server.client()?.0, &date))
        }
        Command::Fees => {
            fees::print();
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn clean_or_not(clean: bool) -> ExitCode {
    if clean { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn keys_command(command: KeysCommand) -> Result<(), ConfigError> {
    match command {
        KeysCommand::List(store) => keys::list(&store.resolve()?),
        KeysCommand::Create { store, kind, name } => {
            let kind = match kind {
                KeyKindOption::Secret => KeyKind::Secret,
                KeyKindOption::Publishable => KeyKind::Publishable,
            };
            keys::create(&store.resolve()?, kind, name)
        }
        KeysCommand::Revoke { store, key } => keys::revoke(&store.resolve()?, &key),
    }
}

/// Runs a command that talks to a server; a failure there is 1, not 2.
fn over_http(command: impl Future<Output = Result<(), String>>) -> Result<ExitCode, ConfigError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| ConfigError(format!("The command cannot be started: {error}.")))?;
    Ok(match runtime.block_on(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("kontor: {failure}");
            ExitCode::from(1)
        }
    })
}
