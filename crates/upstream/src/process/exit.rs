//! How a child ended, in words.

use std::process::ExitStatus;

/// "exited with status 1; its last words: ..."
pub(super) fn describe(status: ExitStatus, last_words: Option<&str>) -> String {
    let how = match (status.code(), signal(status)) {
        (Some(code), _) => format!("exited with status {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended".to_owned(),
    };
    match last_words {
        Some(words) => format!("{how}; its last words: {words}"),
        None => how,
    }
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal(_: ExitStatus) -> Option<i32> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn names_status_and_signal() {
        use std::os::unix::process::ExitStatusExt;
        let exited = ExitStatus::from_raw(1 << 8);
        assert_eq!(describe(exited, Some("no key")), "exited with status 1; its last words: no key");
        assert_eq!(describe(ExitStatus::from_raw(9), None), "was ended by signal 9");
    }
}
