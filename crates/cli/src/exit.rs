use std::process::ExitCode;

use traygate_gateway::StartError;

/// How `traygate` ends. The numbers are part of its interface: `--help` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, or stopped as asked.
    Ok,
    /// It could not start, or a command could not be carried out.
    Failed,
    /// The command line or the config file is wrong.
    Usage,
    /// The address cannot be listened on.
    AddressInUse,
    /// No gateway runs that could answer.
    NotRunning,
}

/// Why a command ends early: what a person reads, and the exit code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) exit: Exit,
    pub(crate) message: String,
}

impl Exit {
    /// The end of `--help`.
    pub(crate) const HELP: &str = "\
With neither --config nor a server's command it serves the config file in your config folder, and writes a commented one \
there at its first run.

Every option can also be given as an environment variable: TRAYGATE_PORT for --port, TRAYGATE_API_KEY for --api-key, ...
An empty one counts as unset. CONNECTION_TIMEOUT (seconds a server may take to start) and LOG_LEVEL are honoured as in \
mcpo.

Exit codes:
  0  done, or stopped as asked
  1  could not start, or could not do what was asked
  2  the command line or the config file is wrong
  3  the port is in use, or the address is not this machine's
  4  no running gateway was found";

    /// The end of `check --help`.
    pub(crate) const HELP_OF_CHECK: &str = "\
`${VAR}` is looked up in this environment. What Traygate gets by --env and --env-path stands before `check`, as in \
`traygate --env-path .env check`.

Exit codes:
  0  Traygate serves the file, with warnings or without
  2  something in it is wrong, or it cannot be read";

    /// The end of `sign-in --help`.
    pub(crate) const HELP_OF_SIGN_IN: &str = "\
It opens the page in your browser and waits until you are back; with `--flow manual`, and where no browser opens, paste the \
address that the browser ended on. Ctrl-C ends the sign-in. With no gateway running it asks the server itself, at the port \
of the config file where that is free.

Exit codes:
  0  signed in
  1  not signed in
  2  the command line or the config file is wrong";

    /// This end, with its reason.
    pub(crate) fn because(self, message: impl Into<String>) -> Problem {
        Problem { exit: self, message: message.into() }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Ok => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::AddressInUse => 3,
            Exit::NotRunning => 4,
        })
    }
}

impl From<StartError> for Problem {
    fn from(error: StartError) -> Self {
        let exit = match &error {
            StartError::Config(_) | StartError::Unguarded(_) | StartError::Tls(_) => Exit::Usage,
            StartError::Listen(_) => Exit::AddressInUse,
        };
        exit.because(error.to_string())
    }
}
