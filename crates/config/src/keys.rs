//! The keys of the file: the one table that the parser, its hints and the JSON Schema share.

/// A key that Traygate reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    /// Other spellings, mcpo's or another client's, that mean exactly the same.
    pub(crate) aliases: &'static [&'static str],
}

/// The keys of one kind of object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keys {
    pub(crate) known: &'static [Key],
    /// Other clients' keys that mean nothing here, passed over without a word.
    pub(crate) ignored: &'static [&'static str],
}

const fn key(name: &'static str) -> Key {
    Key { name, aliases: &[] }
}

const fn alias(name: &'static str, aliases: &'static [&'static str]) -> Key {
    Key { name, aliases }
}

/// The file itself.
pub(crate) const FILE: Keys = Keys {
    known: &[key("mcpServers"), key("servers"), key("traygate"), key("inputs")],
    ignored: &["$schema"],
};

/// An entry of `mcpServers`.
pub(crate) const SERVER: Keys = Keys {
    known: &[
        alias("type", &["transport"]),
        key("command"),
        key("args"),
        key("env"),
        key("cwd"),
        // Windsurf's and Gemini's.
        alias("url", &["serverUrl", "httpUrl"]),
        key("headers"),
        key("disabled"),
        alias("enabled", &["isActive"]),
        key("timeout"),
        alias("startupTimeout", &["startup_timeout"]),
        alias("disabledTools", &["disabled_tools", "excludeTools"]),
        key("elicitation"),
        alias("client_header_forwarding", &["clientHeaderForwarding"]),
        key("oauth"),
    ],
    ignored: &[
        "$comment",
        "//",
        "_comment",
        "alwaysAllow",
        "autoApprove",
        "autoStart",
        "comment",
        "description",
        "dev",
        "displayName",
        "gallery",
        "icon",
        "id",
        "installSource",
        "logoUrl",
        "name",
        "notes",
        "provider",
        "tags",
        "title",
        "trust",
        "version",
    ],
};

/// `client_header_forwarding`.
pub(crate) const HEADER_FORWARDING: Keys =
    Keys { known: &[key("enabled"), key("whitelist"), key("blacklist"), key("debug_headers")], ignored: &[] };

/// `oauth`. camelCase as Gemini CLI and Claude Code write it, capitals as Cursor does.
pub(crate) const OAUTH: Keys = Keys {
    known: &[
        alias("server_url", &["serverUrl"]),
        alias("callback_port", &["callbackPort"]),
        key("use_loopback"),
        key("flow"),
        key("grant"),
        key("storage_type"),
        alias("client_id", &["clientId", "CLIENT_ID"]),
        alias("client_secret", &["clientSecret", "CLIENT_SECRET"]),
        alias("client_metadata_url", &["clientMetadataUrl"]),
        alias("client_metadata", &["clientMetadata"]),
        key("redirect_host"),
        alias("scope", &["scopes"]),
        key("resource"),
        key("allow_private_addresses"),
        // Gemini's.
        key("enabled"),
    ],
    ignored: &[],
};

/// `oauth.client_metadata`, in RFC 7591's words.
pub(crate) const CLIENT_METADATA: Keys = Keys {
    known: &[
        key("client_name"),
        key("redirect_uris"),
        key("grant_types"),
        key("response_types"),
        key("token_endpoint_auth_method"),
        key("scope"),
        key("client_uri"),
        key("logo_uri"),
        key("contacts"),
        key("tos_uri"),
        key("policy_uri"),
        key("software_id"),
        key("software_version"),
    ],
    ignored: &[],
};

/// What the authorization server's metadata says (RFC 8414 §2), in its words and in other clients': "don't set these",
/// as mcpo's guide has it.
pub(crate) const DISCOVERED: [&str; 8] = [
    "authorization_endpoint",
    "authorizationUrl",
    "token_endpoint",
    "tokenUrl",
    "registration_endpoint",
    "registrationUrl",
    "revocation_endpoint",
    "device_authorization_endpoint",
];

/// The top-level `traygate` object.
pub(crate) const SETTINGS: Keys = Keys {
    known: &[
        key("host"),
        key("port"),
        key("apiKey"),
        key("corsAllowOrigins"),
        key("allowedHosts"),
        key("openDocs"),
        key("operationIds"),
        key("logLevel"),
        key("pathPrefix"),
        key("rootPath"),
        key("maxBodySize"),
        key("sslCertfile"),
        key("sslKeyfile"),
        key("signIn"),
        key("tokenStorage"),
    ],
    ignored: &[],
};

/// What people write for a key that no count of slips would lead to.
const SYNONYMS: [(&str, &str); 13] = [
    ("arguments", "args"),
    // Cursor's.
    ("auth", "oauth"),
    ("cmd", "command"),
    ("endpoint", "url"),
    ("environment", "env"),
    ("executable", "command"),
    ("mcp", "mcpServers"),
    ("contextservers", "mcpServers"),
    ("key", "apiKey"),
    ("program", "command"),
    ("httpheaders", "headers"),
    ("uri", "url"),
    ("workingdirectory", "cwd"),
];

impl Keys {
    /// The known key that goes by this spelling.
    pub(crate) fn find(&self, spelling: &str) -> Option<&'static Key> {
        self.known.iter().find(|key| key.name == spelling || key.aliases.contains(&spelling))
    }

    pub(crate) fn is_ignored(&self, spelling: &str) -> bool {
        self.ignored.contains(&spelling)
    }

    /// The known spelling that an unknown one most likely means.
    pub(crate) fn nearest(&self, unknown: &str) -> Option<&'static str> {
        let synonym = SYNONYMS.iter().find(|(word, _)| *word == fold(unknown)).map(|&(_, name)| name);
        if let Some(name) = synonym.filter(|name| self.find(name).is_some()) {
            return Some(name);
        }
        let mut spellings =
            self.known.iter().flat_map(|key| std::iter::once(&key.name).chain(key.aliases)).copied();
        // Aliases by their very letters only: `includeTools` is two slips from `excludeTools` and means the opposite.
        spellings
            .find(|spelling| !fold(unknown).is_empty() && fold(spelling) == fold(unknown))
            .or_else(|| nearest(unknown, self.known.iter().map(|key| key.name)))
    }
}

/// The candidate that a misspelled word most likely means: the same but for case and punctuation, or a slip or two
/// away, a third of its letters at most.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let word = fold(word);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, &fold(candidate)), candidate))
        .filter(|&(distance, _)| distance <= 2 && distance * 3 <= word.chars().count())
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// Letters and digits only, in lower case.
pub(crate) fn fold(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_key_is_what_a_person_meant() {
        for (unknown, nearest) in [
            ("comand", Some("command")),
            ("cmd", Some("command")),
            ("Command", Some("command")),
            ("arg", Some("args")),
            ("header", Some("headers")),
            ("start_up_timeout", Some("startupTimeout")),
            ("disable", Some("disabled")),
            ("time_out", Some("timeout")),
            ("workingDirectory", Some("cwd")),
            ("apiKey", None),
            ("includeTools", None),
            ("ServerURL", Some("serverUrl")),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(SERVER.nearest(unknown), nearest, "{unknown}");
        }
        assert_eq!(FILE.nearest("mcp_servers"), Some("mcpServers"));
        assert_eq!(FILE.nearest("mcpServer"), Some("mcpServers"));
        assert_eq!(SETTINGS.nearest("api_key"), Some("apiKey"));
    }

    #[test]
    fn no_spelling_means_two_things() {
        for keys in [FILE, SERVER, HEADER_FORWARDING, OAUTH, CLIENT_METADATA, SETTINGS] {
            let mut all: Vec<_> =
                keys.known.iter().flat_map(|key| std::iter::once(&key.name).chain(key.aliases)).collect();
            all.extend(keys.ignored);
            let count = all.len();
            all.sort();
            all.dedup();
            assert_eq!(all.len(), count);
        }
    }
}
