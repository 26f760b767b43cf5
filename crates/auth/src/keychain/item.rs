/// One item of the keychain.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// Its user (account): what it is found by, among those of the same service.
    pub(crate) user: String,
    /// What a person finds it under, where the system knows labels.
    pub(crate) label: String,
    /// What an error calls its content.
    pub(crate) what: String,
}

/// What the user of every secret starts with; other kinds of items live beside the secrets.
pub(super) const SECRET: &str = "secret:";

impl Item {
    pub(super) fn secret(name: &str) -> Self {
        Self {
            user: format!("{SECRET}{name}"),
            label: format!("Traygate: secret {name}"),
            what: format!("secret `{name}`"),
        }
    }
}
