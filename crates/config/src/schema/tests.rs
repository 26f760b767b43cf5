use std::collections::BTreeSet;

use fs_err as fs;
use serde_json::{Map, Value, json};

use super::{schema, shape};
use crate::{
    keys::{self, Keys},
    parse,
};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/traygate.schema.json");
const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");

/// The shape's schema, with the spellings and the ignored keys that the parser's table adds to it.
fn generate() -> Value {
    let mut schema = schemars::schema_for!(shape::File).to_value();
    add_spellings(&mut schema["properties"], &keys::FILE);
    add_spellings(&mut schema["$defs"]["Server"]["properties"], &keys::SERVER);
    add_spellings(&mut schema["$defs"]["OAuth"]["properties"], &keys::OAUTH);
    schema
}

fn add_spellings(properties: &mut Value, keys: &Keys) {
    let properties = properties.as_object_mut().expect("an object's schema");
    for key in keys.known {
        for alias in key.aliases {
            let mut same = properties[key.name].clone();
            same["description"] = format!("Means the same as `{}`.", key.name).into();
            properties.insert((*alias).to_owned(), same);
        }
    }
    for ignored in keys.ignored {
        properties.insert(
            (*ignored).to_owned(),
            json!({ "description": "Another client's key; Traygate ignores it." }),
        );
    }
}

#[test]
fn the_checked_in_schema_is_current() {
    let generated = format!("{:#}\n", generate());
    if std::env::var_os("TRAYGATE_RENEW_SCHEMA").is_some() {
        fs::write(PATH, &generated).expect("the schema can be written");
        return;
    }
    assert!(
        fs::read_to_string(PATH).expect("the schema is checked in").replace("\r\n", "\n") == generated,
        "schema/traygate.schema.json is not what the shape generates; renew it with \
         `TRAYGATE_RENEW_SCHEMA=1 cargo test -p traygate-config schema`"
    );
}

#[test]
fn the_shape_has_the_keys_that_the_parser_reads() {
    fn properties(schema: &Value) -> BTreeSet<&str> {
        schema["properties"]
            .as_object()
            .map(Map::keys)
            .expect("an object's schema")
            .map(String::as_str)
            .collect()
    }
    let schema = schemars::schema_for!(shape::File).to_value();
    for (keys, shape) in [
        (keys::FILE, &schema),
        (keys::SERVER, &schema["$defs"]["Server"]),
        (keys::HEADER_FORWARDING, &schema["$defs"]["HeaderForwarding"]),
        (keys::OAUTH, &schema["$defs"]["OAuth"]),
        (keys::CLIENT_METADATA, &schema["$defs"]["ClientMetadata"]),
        (keys::SETTINGS, &schema["$defs"]["Settings"]),
    ] {
        assert_eq!(properties(shape), keys.known.iter().map(|key| key.name).collect());
    }
}

#[test]
fn every_key_is_described() {
    fn walk(path: &str, schema: &Value) {
        if let Some(properties) = schema["properties"].as_object() {
            for (key, property) in properties {
                assert!(property["description"].is_string(), "{path}/{key} has no description");
            }
        }
    }
    let schema: Value = serde_json::from_str(schema()).expect("JSON");
    walk("", &schema);
    for (name, definition) in schema["$defs"].as_object().expect("definitions") {
        walk(name, definition);
    }
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
}

#[test]
fn the_reference_names_every_key() {
    let reference = include_str!("../../../../docs/config.md");
    for keys in [
        keys::FILE,
        keys::SERVER,
        keys::HEADER_FORWARDING,
        keys::OAUTH,
        keys::CLIENT_METADATA,
        keys::SETTINGS,
    ] {
        for spelling in keys.known.iter().flat_map(|key| std::iter::once(&key.name).chain(key.aliases)) {
            let named = [format!("`{spelling}`"), format!("\"{spelling}\"")];
            assert!(
                named.iter().any(|named| reference.contains(named)),
                "docs/config.md does not name {spelling}"
            );
        }
    }
}

#[test]
fn every_example_is_accepted_by_parser_and_schema() {
    let schema: Value = serde_json::from_str(schema()).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a valid schema");
    let mut seen = 0;
    for entry in fs::read_dir(EXAMPLES).expect("examples/") {
        let path = entry.expect("readable").path();
        if !path.extension().is_some_and(|extension| extension == "json" || extension == "jsonc") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("UTF-8");
        let parsed = parse(&text);
        assert_eq!(parsed.diagnostics, [], "{}", path.display());
        assert!(!parsed.config.expect("a config").servers.is_empty(), "{}", path.display());
        let errors: Vec<_> = validator.iter_errors(&value(&text)).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", path.display());
        seen += 1;
    }
    assert!(seen >= 3, "examples/ holds {seen} files");
}

#[test]
fn the_schema_refuses_what_the_parser_warns_about() {
    let schema: Value = serde_json::from_str(schema()).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a valid schema");
    for (text, accepted) in [
        (r#"{"mcpServers":{"a":{"command":"x"}}}"#, true),
        (r#"{"mcpServers":{"a":{"comand":"x"}}}"#, false),
        (r#"{"mcpServers":{"a":{"command":"x","timeout":0}}}"#, false),
        (r#"{"mcpServers":{"a":{"command":"x","elicitation":"accept-defaults"}}}"#, true),
        (r#"{"mcpServers":{"a":{"command":"x","elicitation":"accept"}}}"#, false),
        (r#"{"mcpServers":{"a":{"command":"x","timeout":0.5,"cwd":null}}}"#, true),
        (r#"{"mcpServers":{"a":{"type":"streamableHttp","url":"http://x"}}}"#, true),
        (r#"{"mcpServers":{"a":{"type":"SSE","serverUrl":"http://x","autoApprove":[]}}}"#, true),
        (r#"{"mcpServers":{"a":{"type":"https","url":"http://x"}}}"#, false),
        (r#"{"mcpServers":{"-":{"command":"x"}}}"#, false),
        (r#"{"mcpServers":{"a/b":{"command":"x"}}}"#, false),
        (r#"{"mcpServers":{"a":{"command":"x","env":{"A":1,"B":true,"C":"c"}}}}"#, true),
        (r#"{"mcpServers":{"a":{"command":"x","env":["A=1"]}}}"#, false),
        (r#"{"mcpServers":{"a":{"url":"http://x","oauth":false}}}"#, true),
        (
            r#"{"mcpServers":{"a":{"url":"http://x","oauth":{"server_url":"https://y","storage_type":"file"}}}}"#,
            true,
        ),
        (r#"{"mcpServers":{"a":{"url":"http://x","oauth":{"serverurl":"https://y"}}}}"#, false),
        (
            r#"{"mcpServers":{"a":{"url":"http://x","oauth":{"enabled":true,"clientId":"i","clientSecret":"${S}","scopes":["a","b"]}}}}"#,
            true,
        ),
        (
            r#"{"mcpServers":{"a":{"url":"http://x","oauth":{"flow":"device","grant":"authorization_code","redirect_host":"localhost","resource":"omit","callbackPort":3118}}}}"#,
            true,
        ),
        (r#"{"mcpServers":{"a":{"url":"http://x","oauth":{"flow":"popup"}}}}"#, false),
        (r#"{"mcpServers":{"a":{"url":"http://x","oauth":{"storage_type":"disk"}}}}"#, false),
        (r#"{"mcpServers":{"a":{"url":"http://x","oauth":{"grant":"password"}}}}"#, false),
        (r#"{"mcpServers":{"a":{"url":"http://x","oauth":{"callback_port":0}}}}"#, false),
        (r#"{"mcpServers":{"a":{"url":"http://x","oauth":{"token_endpoint":"https://y"}}}}"#, false),
        (
            r#"{"mcpServers":{"a":{"url":"http://x","oauth":{"client_metadata":{"redirect_uris":["http://localhost:3030/callback"],"token_endpoint_auth_method":"none"}}}}}"#,
            true,
        ),
        (
            r#"{"mcpServers":{"a":{"url":"http://x","oauth":{"client_metadata":{"redirect_uris":["http://example.com/callback"]}}}}}"#,
            false,
        ),
        (r#"{"mcpServers":{"a":{"url":"http://x","oauth":{"client_metadata":{"client_id":"i"}}}}}"#, false),
        (r#"{"mcpServers":{},"traygate":{"signIn":"ask","tokenStorage":"file"}}"#, true),
        (r#"{"mcpServers":{},"traygate":{"signIn":"always"}}"#, false),
        (
            r#"{"mcpServers":{},"traygate":{"host":["127.0.0.1","::1"],"port":0,"apiKey":"${keychain:k}"}}"#,
            true,
        ),
        (r#"{"mcpServers":{},"traygate":{"port":65536}}"#, false),
        (r#"{"mcpServers":{},"traygate":{"operationIds":"mcpo","logLevel":"WARNING"}}"#, true),
        (r#"{"mcpServers":{},"traygate":{"portt":1}}"#, false),
    ] {
        assert_eq!(validator.is_valid(&value(text)), accepted, "{text}");
        let diagnostics = parse(text).diagnostics;
        assert_eq!(diagnostics.is_empty(), accepted, "{text}: {diagnostics:?}");
    }
}

fn value(text: &str) -> Value {
    jsonc_parser::parse_to_serde_value(text, &jsonc_parser::ParseOptions::default()).expect("JSONC")
}
