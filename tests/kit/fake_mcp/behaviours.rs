use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::time::sleep;

use super::{
    asking,
    message::{self, Call, error, result, text},
    server::{Context, Reply, Server},
};

/// What each tool does. A listed tool without a behaviour of its own echoes.
pub(crate) fn run(server: &Arc<Server>, id: &str, call: &Call<'_>, context: &Context<'_>) -> Reply {
    let raw = call.arguments.map_or("{}", |arguments| arguments.get());
    if call.name == "echo" {
        return Reply::Now(result(id, &text(raw)));
    }
    let arguments: Value = serde_json::from_str(raw).unwrap_or_default();
    let word = |key: &str| arguments[key].as_str().unwrap_or_default().to_owned();
    let number = |key: &str| arguments[key].as_u64().unwrap_or_default();
    match &*call.name {
        "add" => {
            let sum =
                arguments["a"].as_i64().unwrap_or_default() + arguments["b"].as_i64().unwrap_or_default();
            Reply::Now(result(id, &text(&sum.to_string())))
        }
        "slow" => slow(id, call, context, number("steps"), number("interval_ms")),
        "hang" => Reply::Later(Box::pin(std::future::pending())),
        "wait_for_file" => {
            let (id, path) = (id.to_owned(), word("path"));
            Reply::Later(Box::pin(async move {
                while !std::path::Path::new(&path).exists() {
                    sleep(Duration::from_millis(10)).await;
                }
                result(&id, &text("it is there"))
            }))
        }
        "exit" => leave(arguments["code"].as_i64().unwrap_or_default()),
        "big" => {
            let size = usize::try_from(number("bytes")).unwrap_or_default();
            Reply::Now(result(id, &text(&"x".repeat(size))))
        }
        "picture" => {
            let data = "AAEC".repeat(usize::try_from(number("bytes") / 3).unwrap_or_default());
            let image = format!(r#"{{"type":"image","data":"{data}","mimeType":"image/png"}}"#);
            Reply::Now(result(id, &format!(r#"{{"content":[{image}],"resultType":"complete"}}"#)))
        }
        "result" => {
            let mut given = arguments["result"].clone();
            given["resultType"] = json!("complete");
            Reply::Now(result(id, &given.to_string()))
        }
        "rpc_error" => Reply::Now(error(
            id,
            arguments["code"].as_i64().unwrap_or_default(),
            &word("message"),
            &arguments["data"],
        )),
        "add_tool" => {
            server.add_tool(&word("name"));
            Reply::Now(result(id, &text("added")))
        }
        "reread_tools" => {
            server.reread_tools();
            Reply::Now(result(id, &text("read")))
        }
        "ask" => asking::ask(server, id, call, context),
        "write" => write(id, context, &arguments),
        "log" => {
            use std::io::Write;
            let _ = writeln!(std::io::stderr(), "{}", word("text"));
            Reply::Now(result(id, &text("logged")))
        }
        "headers" => Reply::Now(result(id, &text(&context.headers.to_string()))),
        "environment" => {
            let value = std::env::var(word("name")).unwrap_or_else(|_| "(unset)".into());
            Reply::Now(result(id, &text(&value)))
        }
        "process" => {
            let folder = std::env::current_dir().unwrap_or_default();
            let arguments: Vec<_> = std::env::args().skip(1).collect();
            let about = json!({"pid": std::process::id(), "cwd": folder, "args": arguments});
            Reply::Now(result(id, &text(&about.to_string())))
        }
        "forget_sessions" => {
            server.switch.forget_sessions();
            Reply::Now(result(id, &text("forgotten")))
        }
        listed if server.lists(listed) => Reply::Now(result(id, &text(raw))),
        other => Reply::Now(error(id, -32602, &format!("Unknown tool: {other}"), &Value::Null)),
    }
}

fn slow(id: &str, call: &Call<'_>, context: &Context<'_>, steps: u64, interval_ms: u64) -> Reply {
    let token = call.meta.as_ref().and_then(|meta| meta.progress_token);
    let token: Option<Value> = token.and_then(|token| serde_json::from_str(token.get()).ok());
    let (id, outbox) = (id.to_owned(), context.outbox.clone());
    Reply::Later(Box::pin(async move {
        for step in 1..=steps {
            sleep(Duration::from_millis(interval_ms)).await;
            if let Some(token) = &token {
                let params = json!({"progressToken": token, "progress": step, "total": steps});
                outbox.send(message::notification("notifications/progress", &params));
            }
        }
        result(&id, &text("done"))
    }))
}

fn write(id: &str, context: &Context<'_>, arguments: &Value) -> Reply {
    let repeat = usize::try_from(arguments["repeat"].as_u64().unwrap_or(1)).unwrap_or(1);
    let line = arguments["text"].as_str().unwrap_or_default().replace("$ID", id);
    let mut bytes = line.repeat(repeat).into_bytes();
    if arguments["newline"].as_bool().unwrap_or(true) {
        bytes.push(b'\n');
    }
    context.outbox.send_bytes(bytes);
    let outbox = context.outbox.clone();
    match arguments["then"].as_str() {
        Some("exit") => Reply::Later(Box::pin(async move {
            outbox.flushed().await;
            std::process::exit(1)
        })),
        Some("hang") => Reply::Later(Box::pin(std::future::pending())),
        // Behind the bytes, in the same queue.
        _ => {
            outbox.send(result(id, &text("written")));
            Reply::Nothing
        }
    }
}

fn leave(code: i64) -> Reply {
    std::process::exit(i32::try_from(code).unwrap_or(1))
}
