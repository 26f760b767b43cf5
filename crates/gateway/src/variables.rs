use std::{
    collections::HashMap,
    ffi::{OsStr, OsString},
};

/// What the servers inherit of our own environment: all but our own options, keys and headers among them. No server
/// needs to know those.
pub fn inherited(own: impl IntoIterator<Item = (OsString, OsString)>) -> HashMap<OsString, OsString> {
    let is_ours = |name: &OsStr| name.as_encoded_bytes().starts_with(b"TRAYGATE_");
    own.into_iter().filter(|(name, _)| !is_ours(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_server_inherits_our_own_options() {
        let own = [("PATH", "/bin"), ("TRAYGATE_API_KEY", "s3cret"), ("MY_TRAYGATE_X", "1")];
        let mut names: Vec<_> =
            inherited(own.map(|(name, value)| (name.into(), value.into()))).into_keys().collect();
        names.sort();
        assert_eq!(names, ["MY_TRAYGATE_X", "PATH"]);
    }
}
