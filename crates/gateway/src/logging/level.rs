use std::{fmt, str::FromStr};

use tracing::level_filters::LevelFilter;

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogLevel(pub LevelFilter);

impl LogLevel {
    /// Where nobody says otherwise.
    pub const DEFAULT: Self = Self(LevelFilter::INFO);
    /// Of commands whose output is what counts.
    pub const QUIET: Self = Self(LevelFilter::WARN);
}

/// A word that is no log level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownLevel;

impl fmt::Display for UnknownLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("give error, warn, info, debug, trace or off")
    }
}

impl std::error::Error for UnknownLevel {}

impl FromStr for LogLevel {
    type Err = UnknownLevel;

    /// Takes Traygate's words and Python's, which mcpo uses, whatever their case.
    fn from_str(word: &str) -> Result<Self, UnknownLevel> {
        Ok(Self(match word.trim().to_ascii_lowercase().as_str() {
            "off" | "none" => LevelFilter::OFF,
            "critical" | "fatal" | "error" => LevelFilter::ERROR,
            "warning" | "warn" => LevelFilter::WARN,
            "info" | "notset" => LevelFilter::INFO,
            "debug" => LevelFilter::DEBUG,
            "trace" => LevelFilter::TRACE,
            _ => return Err(UnknownLevel),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_levels_know_both_vocabularies() {
        for (word, level) in [
            ("DEBUG", LevelFilter::DEBUG),
            ("Info", LevelFilter::INFO),
            ("WARNING", LevelFilter::WARN),
            ("warn", LevelFilter::WARN),
            ("ERROR", LevelFilter::ERROR),
            ("CRITICAL", LevelFilter::ERROR),
            ("off", LevelFilter::OFF),
        ] {
            assert_eq!(word.parse(), Ok(LogLevel(level)), "{word}");
        }
        assert_eq!("loud".parse::<LogLevel>(), Err(UnknownLevel));
    }
}
