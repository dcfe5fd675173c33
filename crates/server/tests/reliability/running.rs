//! A real server that is killed and started again.

use std::process::{Child, Command, ExitStatus, Stdio};

use crate::client::Client;
use crate::server::{KEY, Place, kontor, listening};

/// A started server; it is killed when this goes.
pub struct Running {
    child: Child,
    pub url: String,
}

/// The command that starts a server, without starting it.
pub fn serve(place: &Place) -> Command {
    let mut command = kontor(place);
    command.args(["serve", "--listen", "127.0.0.1:0", "--log", "error"]);
    command.env("KONTOR_SECRET_KEY", KEY).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

impl Running {
    pub fn start(place: &Place) -> Running {
        Running::by(serve(place))
    }

    /// Starts by a command of its own, and waits until it says where it listens.
    pub fn by(mut command: Command) -> Running {
        let mut child = command.spawn().unwrap();
        let url = listening(&mut child);
        Running { child, url }
    }

    /// The process's number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn client(&self) -> Client {
        Client::new(&self.url)
    }

    /// SIGKILL, and whether it was still running then.
    pub fn kill(mut self) -> bool {
        let was_running = self.child.try_wait().unwrap().is_none();
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        was_running
    }

    /// SIGTERM, and its exit.
    pub fn stop(mut self) -> ExitStatus {
        assert!(Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap().success());
        self.child.wait().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already, most likely.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
