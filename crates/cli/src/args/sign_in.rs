use clap::ValueEnum;
use traygate_auth::{Flow, StorageType};
use traygate_gateway::SignInPolicy;

/// `--sign-in`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PolicyWord {
    /// The browser opens for each server that needs it, one page at a time.
    Auto,
    /// The command that signs in is told.
    Ask,
    /// Nothing happens.
    Never,
}

/// `--token-storage`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StorageWord {
    /// The system's keychain.
    Keychain,
    /// Encrypted files.
    File,
    /// Nowhere: until Traygate ends.
    Memory,
}

/// `--flow`, in the config file's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FlowWord {
    /// The system's browser, which comes back by itself.
    Browser,
    /// The address is printed; what the browser ended on is pasted.
    Manual,
    /// A code to type on another device.
    Device,
    /// A window of the tray application.
    Webview,
    /// A link that the tray application receives.
    DeepLink,
}

impl FlowWord {
    /// As the admin API names it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Manual => "manual",
            Self::Device => "device",
            Self::Webview => "webview",
            Self::DeepLink => "deep-link",
        }
    }
}

impl From<PolicyWord> for SignInPolicy {
    fn from(word: PolicyWord) -> Self {
        match word {
            PolicyWord::Auto => Self::Auto,
            PolicyWord::Ask => Self::Ask,
            PolicyWord::Never => Self::Never,
        }
    }
}

impl From<StorageWord> for StorageType {
    fn from(word: StorageWord) -> Self {
        match word {
            StorageWord::Keychain => Self::Keychain,
            StorageWord::File => Self::File,
            StorageWord::Memory => Self::Memory,
        }
    }
}

impl From<FlowWord> for Flow {
    fn from(word: FlowWord) -> Self {
        match word {
            FlowWord::Browser => Self::Browser,
            FlowWord::Manual => Self::Manual,
            FlowWord::Device => Self::Device,
            FlowWord::Webview => Self::Webview,
            FlowWord::DeepLink => Self::DeepLink,
        }
    }
}
