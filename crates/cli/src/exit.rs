use std::process::ExitCode;

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

impl Exit {
    /// The table at the end of `--help`.
    pub(crate) const HELP: &str = "\
Exit codes:
  0  done, or stopped as asked
  1  could not start, or could not do what was asked
  2  the command line or the config file is wrong
  3  the port is in use, or the address is not this machine's
  4  no running gateway was found

Every option can also be given as an environment variable: TRAYGATE_PORT for --port, TRAYGATE_API_KEY for --api-key, ...
CONNECTION_TIMEOUT (seconds a server may take to start) and LOG_LEVEL are honoured as in mcpo.";
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
