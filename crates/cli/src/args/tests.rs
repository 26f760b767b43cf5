use std::net::{Ipv4Addr, Ipv6Addr};

use secrecy::ExposeSecret as _;
use traygate_auth::{Flow, StorageType};
use traygate_gateway::SignInPolicy;

use super::*;

fn read(line: &str) -> Args {
    match try_read(line) {
        Ok(args) => args,
        Err(error) => panic!("`{line}`: {error}"),
    }
}

fn try_read(line: &str) -> Result<Args, clap::Error> {
    Args::read(line.split_whitespace().map(OsString::from))
}

/// What a command line comes to, as far as mcpo knows it.
fn told(line: &str) -> String {
    let Args { command, options, server, .. } = read(line);
    let mut told = vec![match command {
        None => format!("{:?}", options.server_type),
        Some(Command::Check { .. }) => "check".to_owned(),
        Some(Command::Openapi { .. }) => "openapi".to_owned(),
        Some(Command::Status) => "status".to_owned(),
        Some(Command::SignIn { server, flow, client_id, from_mcpo }) => {
            let flow = flow.map(|flow| format!(" {:?}", Flow::from(flow))).unwrap_or_default();
            let id = client_id.map(|id| format!(" as {id}")).unwrap_or_default();
            let mcpo = if from_mcpo { " from mcpo" } else { "" };
            format!("sign-in {server}{flow}{id}{mcpo}")
        }
        Some(Command::SignOut { server, forget_client }) => {
            format!("sign-out {server}{}", if forget_client { " forget" } else { "" })
        }
        Some(Command::Secret(_)) => "secret".to_owned(),
    }];
    let mut add = |name: &str, value: Option<String>| {
        told.extend(value.map(|value| format!("{name}={value}")));
    };
    let list = |values: &[String]| (!values.is_empty()).then(|| values.join(","));
    add("host", list(&options.host.iter().map(ToString::to_string).collect::<Vec<_>>()));
    add("port", options.port.map(|port| port.to_string()));
    add("key", options.api_key.map(|key| key.expose_secret().to_owned()));
    add("cors", list(&options.cors_allow_origins));
    add("env", list(&options.env));
    add("env-path", options.env_path.map(|path| path.display().to_string()));
    add("config", options.config.map(|path| path.display().to_string()));
    add("name", options.name);
    add("description", options.description);
    add("version", options.version.flatten());
    add("cert", options.ssl_certfile.map(|path| path.display().to_string()));
    add("cert-key", options.ssl_keyfile.map(|path| path.display().to_string()));
    add("root", options.root_path);
    add("prefix", options.path_prefix);
    add("header", options.header.map(|header| header.expose_secret().to_owned()));
    add("level", options.log_level.map(|level| level.0.to_string()));
    add("sign-in", options.sign_in.map(|policy| format!("{:?}", SignInPolicy::from(policy))));
    add("storage", options.token_storage.map(|storage| format!("{:?}", StorageType::from(storage))));
    add("hosts", list(&options.allowed_hosts));
    for (name, set) in [
        ("strict", options.strict_auth),
        ("hot", options.hot_reload),
        ("cold", options.no_hot_reload),
        ("open", options.open_docs),
        ("mcpo-ids", options.mcpo_operation_ids),
    ] {
        add(name, set.then(|| "yes".to_owned()));
    }
    add("--", list(&server.iter().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>()));
    told.join(" ")
}

#[test]
fn every_mcpo_command_line_is_understood() {
    let table = [
        ("traygate", "Stdio"),
        (
            "traygate --port 8000 -- uvx mcp-server-time --local-timezone=Europe/Berlin",
            "Stdio port=8000 --=uvx,mcp-server-time,--local-timezone=Europe/Berlin",
        ),
        (
            "traygate --port 8000 --api-key top-secret -- uvx mcp-server-time",
            "Stdio port=8000 key=top-secret --=uvx,mcp-server-time",
        ),
        (
            "traygate -h 0.0.0.0 -p 9000 -k s -- npx -y server",
            "Stdio host=0.0.0.0 port=9000 key=s --=npx,-y,server",
        ),
        ("traygate --host localhost --host ::1", "Stdio host=127.0.0.1,::1"),
        ("traygate --host 127.0.0.1,172.17.0.1", "Stdio host=127.0.0.1,172.17.0.1"),
        ("traygate --type sse -- http://127.0.0.1:8001/sse", "Sse --=http://127.0.0.1:8001/sse"),
        ("traygate --server-type sse -- http://h/sse", "Sse --=http://h/sse"),
        (
            "traygate --type streamable-http -- http://127.0.0.1:9/mcp",
            "StreamableHttp --=http://127.0.0.1:9/mcp",
        ),
        ("traygate --type streamable_http -- http://h/", "StreamableHttp --=http://h/"),
        ("traygate --type streamablehttp -- http://h/", "StreamableHttp --=http://h/"),
        ("traygate --type http -- http://h/", "StreamableHttp --=http://h/"),
        (
            r#"traygate --type sse --header {"Authorization":"Bearer-x"} -- http://h/sse"#,
            r#"Sse header={"Authorization":"Bearer-x"} --=http://h/sse"#,
        ),
        (r#"traygate --type sse -H {"a":"b"} -- http://h/"#, r#"Sse header={"a":"b"} --=http://h/"#),
        ("traygate --config c.json --hot-reload", "Stdio config=c.json hot=yes"),
        ("traygate -c c.json --no-hot-reload", "Stdio config=c.json cold=yes"),
        ("traygate -e A=1 --env B=x=y,z --env-path .env -- s", "Stdio env=A=1,B=x=y,z env-path=.env --=s"),
        (
            "traygate --cors-allow-origins http://a --cors-allow-origins http://b --strict-auth",
            "Stdio cors=http://a,http://b strict=yes",
        ),
        ("traygate -n Mine -d What -v 2.0", "Stdio name=Mine description=What version=2.0"),
        ("traygate --version 2.0 -- s -v", "Stdio version=2.0 --=s,-v"),
        ("traygate -t c.pem -K k.pem", "Stdio cert=c.pem cert-key=k.pem"),
        ("traygate -t both.pem", "Stdio cert=both.pem"),
        ("traygate --ssl-certfile c.pem --ssl-keyfile k.pem", "Stdio cert=c.pem cert-key=k.pem"),
        ("traygate --root-path /api --path-prefix /v1", "Stdio root=/api prefix=/v1"),
        ("traygate --log-level WARNING", "Stdio level=warn"),
        ("traygate --log-level critical", "Stdio level=error"),
        ("traygate --log-level trace", "Stdio level=trace"),
        (
            "traygate --allowed-hosts tools.lan,b --open-docs --mcpo-operation-ids",
            "Stdio hosts=tools.lan,b open=yes mcpo-ids=yes",
        ),
        ("traygate -- check me", "Stdio --=check,me"),
        ("traygate -- status", "Stdio --=status"),
        ("traygate check c.json", "check"),
        ("traygate --config c.json check", "check config=c.json"),
        ("traygate --config c.json openapi time", "openapi config=c.json"),
        ("traygate openapi time --config c.json", "openapi config=c.json"),
        ("traygate status --log-level debug", "status level=debug"),
        ("traygate secret set NAME", "secret"),
        ("traygate --sign-in AUTO --token-storage file", "Stdio sign-in=Auto storage=File"),
        ("traygate --sign-in never --token-storage memory -- s", "Stdio sign-in=Never storage=Memory --=s"),
        ("traygate sign-in github", "sign-in github"),
        ("traygate -c c.json sign-in -- -x", "sign-in -x config=c.json"),
        ("traygate sign-in github --from-mcpo", "sign-in github from mcpo"),
        ("traygate sign-in github --flow deep-link --client-id abc", "sign-in github DeepLink as abc"),
        ("traygate sign-out github --forget-client --config c.json", "sign-out github forget config=c.json"),
    ];
    for (line, expected) in table {
        assert_eq!(told(line), expected, "{line}");
    }
}

#[test]
fn addresses_are_parsed() {
    let args = read("traygate -h 0.0.0.0 -h [::]");
    assert_eq!(args.options.host, [IpAddr::from(Ipv4Addr::UNSPECIFIED), Ipv6Addr::UNSPECIFIED.into()]);
}

#[test]
fn a_bare_version_asks_for_ours() {
    assert!(read("traygate --version").asks_version());
    assert!(read("traygate -v").asks_version());
    assert!(read("traygate -v --port 1").asks_version());
    assert!(!read("traygate -v 1.0").asks_version());
    assert!(!read("traygate").asks_version());
}

#[test]
fn help_is_the_long_form_only() {
    let Err(help) = try_read("traygate --help") else { panic!("no help") };
    assert_eq!(help.kind(), ErrorKind::DisplayHelp);
    let text = help.to_string();
    assert!(text.contains("-h, --host"), "{text}");
    assert!(text.contains("3  the port is in use"), "{text}");
}

#[test]
fn every_subcommand_has_its_help() {
    for line in [
        "check",
        "openapi",
        "status",
        "secret",
        "secret set",
        "secret list",
        "secret delete",
        "sign-in",
        "sign-out",
    ] {
        let Err(help) = try_read(&format!("traygate {line} --help")) else { panic!("no help of {line}") };
        assert_eq!(help.kind(), ErrorKind::DisplayHelp, "{line}: {help}");
        // What only serving takes is not offered.
        assert!(!help.to_string().contains("Who may call"), "{line}: {help}");
    }
}

#[test]
fn an_address_that_would_never_match_is_refused_with_its_right_form() {
    for (line, form) in [
        ("traygate --allowed-hosts my.lan,http://my.lan:8000", "`my.lan`"),
        ("traygate --cors-allow-origins chat.example.org", "`https://chat.example.org`"),
    ] {
        let Err(error) = try_read(line) else { panic!("`{line}` was taken") };
        assert!(error.to_string().contains(form), "{error}");
    }
    let read = read("traygate --allowed-hosts my.lan,*.lan --cors-allow-origins http://a/,*").options;
    assert_eq!(read.allowed_hosts, ["my.lan", "*.lan"]);
    assert_eq!(read.cors_allow_origins, ["http://a", "*"]);
}

#[test]
fn wrong_command_lines_are_refused() {
    for line in [
        "traygate --config c.json -- uvx x",
        "traygate status -- uvx x",
        "traygate -K k.pem",
        "traygate --port 70000",
        "traygate --host example.com",
        "traygate --type carrier-pigeon -- x",
        "traygate --log-level loud",
        "traygate check a.json b.json",
        "traygate --api-key= --port 1",
        "traygate secret set NAME VALUE",
        "traygate sign-in",
        "traygate sign-in a b",
        "traygate sign-in a --flow pigeon",
        "traygate sign-in a --client-secret s",
        "traygate sign-in a --from-mcpo --flow device",
        "traygate --sign-in sometimes",
        "traygate --token-storage paper",
        "traygate uvx mcp-server-time",
        "traygate --header {}",
        "traygate --type sse --config c.json",
    ] {
        let Err(error) = try_read(line) else { panic!("accepted: {line}") };
        assert_eq!(error.exit_code(), 2, "{line}");
    }
}

#[test]
fn a_command_without_its_dashes_is_told_of_them() {
    let told = |line: &str| match try_read(line) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("accepted: {line}"),
    };
    for line in ["traygate uvx mcp-server-time", "traygate --port 1 uvx", "traygate http://127.0.0.1:9/mcp"] {
        assert!(told(line).contains("stands after `--`"), "{}", told(line));
    }
    for line in ["traygate --prot 1", "traygate chek c.json", "traygate status now"] {
        assert!(!told(line).contains("stands after `--`"), "{}", told(line));
    }
    for (line, tip) in [
        ("traygate config.json", "`traygate --config config.json`"),
        ("traygate my/servers.jsonc", "`traygate --config my/servers.jsonc`"),
        ("traygate serve", "`traygate` alone serves"),
        ("traygate start --config c.json", "`traygate --config config.json`"),
    ] {
        assert!(told(line).contains(tip), "{}", told(line));
    }
    let told = told("traygate chek c.json");
    assert!(told.contains("did you mean `traygate check`?"), "{told}");
}

#[test]
fn a_misspelled_option_is_told_of_the_right_one() {
    let told = |line: &str| match try_read(line) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("accepted: {line}"),
    };
    for (line, right) in [
        ("traygate --confg x", "'--config'"),
        ("traygate --prot 1", "'--port'"),
        ("traygate status --confg x", "'--config'"),
        ("traygate -- --confg x", "`traygate --config`"),
        ("traygate -- --confg=x", "`traygate --config=...`"),
        ("traygate -- --api-kye s3cret", "`traygate --api-key`"),
    ] {
        let told = told(line);
        assert!(
            told.contains(right) && !told.contains("'-- --") && !told.contains("s3cret"),
            "{line}: {told}"
        );
    }
    let unlike = told("traygate -- --zzz");
    assert!(unlike.contains("ours stand before it.") && !unlike.contains("Did you mean"), "{unlike}");
}

#[test]
fn every_option_has_its_variable() {
    for arg in Args::command().get_arguments() {
        let Some(long) = arg.get_long().filter(|long| *long != "help") else { continue };
        let expected = format!("TRAYGATE_{}", long.replace('-', "_").to_uppercase());
        assert_eq!(arg.get_env().and_then(|name| name.to_str()), Some(expected.as_str()));
    }
}
