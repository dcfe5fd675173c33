//! PostgreSQL servers of our own, to be killed: a primary, and a standby that follows it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

const PASSWORD: &str = "kontor";

/// A server of its own, stopped and removed with this.
pub struct Cluster {
    folder: PathBuf,
    bin: PathBuf,
    pub port: u16,
    /// Options for this server alone: its standby does not inherit them.
    options: String,
}

static PORT: AtomicU16 = AtomicU16::new(0);

/// A port that was free a moment ago, below those that the system gives to clients.
fn free_port() -> u16 {
    let first = 15_000 + u16::try_from(std::process::id() % 15_000).unwrap();
    loop {
        let port = first + PORT.fetch_add(1, Ordering::Relaxed);
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().unwrap();
    output.stdout.trim_ascii() == b"0"
}

impl Cluster {
    fn new(name: &str, options: &str) -> Cluster {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/postgres-bin");
        let output = Command::new(script).output().unwrap();
        assert!(output.status.success(), "no PostgreSQL server programs here; scripts/need postgres installs them");
        let bin = PathBuf::from(String::from_utf8(output.stdout).unwrap().trim());
        let port = free_port();
        let folder = std::env::temp_dir().join(format!("kontor-cluster-{}-{name}-{port}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        if is_root() {
            // PostgreSQL refuses to run as root.
            assert!(Command::new("chown").arg("postgres").arg(&folder).status().unwrap().success());
        }
        Cluster { folder, bin, port, options: options.to_owned() }
    }

    fn run(&self, program: &str, arguments: &[&str]) -> bool {
        let program = self.bin.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.folder.join("commands.log")).unwrap();
        command.args(arguments).current_dir(&self.folder).env("PGPASSWORD", PASSWORD);
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).status().unwrap().success()
    }

    fn data(&self) -> String {
        self.folder.join("data").to_str().unwrap().to_owned()
    }

    fn must(&self, program: &str, arguments: &[&str]) {
        let succeeded = self.run(program, arguments);
        let log = || std::fs::read_to_string(self.folder.join("commands.log")).unwrap_or_default();
        assert!(succeeded, "{program}: {}", log());
    }

    /// A new server; `options` as for `postgres`.
    pub fn primary(options: &str) -> Cluster {
        let cluster = Cluster::new("primary", options);
        let password = cluster.folder.join("password");
        std::fs::write(&password, PASSWORD).unwrap();
        let pwfile = format!("--pwfile={}", password.display());
        cluster.must(
            "initdb",
            &["-D", &cluster.data(), "-U", "kontor", &pwfile, "--auth=scram-sha-256", "--no-locale", "--encoding=UTF8"],
        );
        let access = Path::new(&cluster.data()).join("pg_hba.conf");
        let rules = std::fs::read_to_string(&access).unwrap();
        std::fs::write(&access, rules + "\nhost replication all 127.0.0.1/32 scram-sha-256\n").unwrap();
        cluster.start();
        cluster
    }

    /// A server that follows this one under the name `standby`.
    pub fn standby(&self) -> Cluster {
        let standby = Cluster::new("standby", "");
        let from =
            format!("host=127.0.0.1 port={} user=kontor password={PASSWORD} application_name=standby", self.port);
        standby.must("pg_basebackup", &["-D", &standby.data(), "-R", "-X", "stream", "-c", "fast", "-d", &from]);
        standby.start();
        standby
    }

    pub fn start(&self) {
        let options =
            format!("-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' {}", self.port, self.options);
        let log = format!("{}/log", self.data());
        let arguments = ["-D", &self.data(), "-l", &log, "-o", &options, "-w", "-t", "60", "start"];
        // The processes of a postmaster that was killed end by themselves, but not at once, and hold its memory till then.
        let begun = std::time::Instant::now();
        while !self.run("pg_ctl", &arguments) {
            assert!(begun.elapsed().as_secs() < 60, "{}", std::fs::read_to_string(&log).unwrap_or_default());
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
    }

    /// SIGKILL to the postmaster; its processes end with it.
    pub fn kill(&self) {
        let pid = std::fs::read_to_string(format!("{}/postmaster.pid", self.data())).unwrap();
        let pid = pid.lines().next().unwrap().to_owned();
        assert!(Command::new("kill").args(["-KILL", &pid]).status().unwrap().success());
    }

    /// Makes a standby a server of its own.
    pub fn promote(&self) {
        self.must("pg_ctl", &["-D", &self.data(), "-w", "promote"]);
    }

    /// The part of an address that names this server.
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// A statement's first value, as text.
    pub fn ask(&self, statement: &str) -> String {
        let url = format!("postgres://kontor:{PASSWORD}@{}/postgres", self.host());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
            tokio::spawn(connection);
            client.query_one(statement, &[]).await.unwrap().get(0)
        })
    }
}

/// An address of the database on several servers.
pub fn url(clusters: &[&Cluster]) -> String {
    let hosts: Vec<String> = clusters.iter().map(|cluster| cluster.host()).collect();
    let which = if clusters.len() == 1 { "" } else { "?target_session_attrs=read-write" };
    format!("postgres://kontor:{PASSWORD}@{}/postgres{which}", hosts.join(","))
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if Path::new(&self.data()).join("postmaster.pid").exists() {
            // It may have been killed already.
            self.run("pg_ctl", &["-D", &self.data(), "-m", "immediate", "-w", "stop"]);
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
