//! How long a caller waits for a document that was made before, over one connection on loopback: a server of 1,000 tools,
//! as it is, in gzip, and as "304 Not Modified". Each must stay under 1 ms.

use std::{collections::HashMap, error::Error};

use axum::{Json, Router, routing::post};
use criterion::{Criterion, criterion_group, criterion_main};
use http::StatusCode;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};
use tokio_util::task::TaskTracker;
use traygate_gateway::{ConfigSource, Gateway, Options};
use traygate_upstream::Environment;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// An MCP server over streamable HTTP, as small as one can be.
async fn mcp(Json(message): Json<Value>) -> Result<Json<Value>, StatusCode> {
    let id = message.get("id").ok_or(StatusCode::ACCEPTED)?;
    let result = match message["method"].as_str() {
        Some("initialize") => json!({
            "protocolVersion": "2025-11-25", "capabilities": {"tools": {}},
            "serverInfo": {"name": "thousand", "version": "1"},
        }),
        Some("tools/list") => json!({"tools": (0..1000).map(tool).collect::<Vec<_>>()}),
        _ => {
            let error = json!({"code": -32601, "message": "Method not found"});
            return Ok(Json(json!({"jsonrpc": "2.0", "id": id, "error": error})));
        }
    };
    Ok(Json(json!({"jsonrpc": "2.0", "id": id, "result": result})))
}

fn tool(at: usize) -> Value {
    json!({
        "name": format!("search_{at}"),
        "description": format!("Looks something up, in the way number {at}."),
        "inputSchema": {"type": "object", "required": ["query"], "properties": {
            "query": {"type": "string", "description": "What to look for", "minLength": 1},
            "limit": {"type": "integer", "default": 20, "minimum": 1, "maximum": 100},
            "since": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}], "default": null},
            "sort": {"enum": ["asc", "desc"], "default": "asc"},
            "tags": {"type": "array", "items": {"type": "string"}},
        }},
    })
}

/// A connection to the gateway that asks for the document.
struct Caller {
    stream: BufReader<TcpStream>,
    request: String,
    body: Vec<u8>,
}

/// What came.
struct Answer {
    status: u16,
    etag: String,
    bytes: usize,
}

impl Caller {
    async fn new(gateway: &Gateway, headers: &str) -> Outcome<Self> {
        let address = gateway.addresses().first().ok_or("it listens")?;
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let request = format!("GET /thousand/openapi.json HTTP/1.1\r\nHost: {address}\r\n{headers}\r\n");
        Ok(Self { stream: BufReader::new(stream), request, body: Vec::new() })
    }

    async fn ask(&mut self) -> Outcome<Answer> {
        self.stream.write_all(self.request.as_bytes()).await?;
        let (mut line, mut answer) = (String::new(), Answer { status: 0, etag: String::new(), bytes: 0 });
        loop {
            line.clear();
            self.stream.read_line(&mut line).await?;
            let line = line.trim_end();
            match line.split_once(": ") {
                None if line.is_empty() => break,
                None => answer.status = line.split(' ').nth(1).unwrap_or_default().parse()?,
                Some(("etag", etag)) => etag.clone_into(&mut answer.etag),
                // What a 304 has is the length of what it does not send (RFC 9110 §8.6).
                Some(("content-length", length)) if answer.status == 200 => answer.bytes = length.parse()?,
                Some(_) => {}
            }
        }
        self.body.resize(answer.bytes, 0);
        self.stream.read_exact(&mut self.body).await?;
        Ok(answer)
    }
}

/// A gateway before that server; the answer comes once it serves the document.
async fn gateway(folder: &std::path::Path, tasks: &TaskTracker) -> Outcome<Gateway> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/mcp", listener.local_addr()?);
    tasks.spawn(async move { axum::serve(listener, Router::new().route("/mcp", post(mcp))).await });
    let config = folder.join("config.json");
    fs_err::write(&config, json!({"mcpServers": {"thousand": {"type": "http", "url": url}}}).to_string())?;
    let environment = Environment::new(HashMap::new(), None);
    let options = Options { port: Some(0), ..Options::new(ConfigSource::File(config), environment) };
    let gateway = Gateway::start(options).await?;
    let mut caller = Caller::new(&gateway, "").await?;
    while caller.ask().await?.status != 200 {
        caller = Caller::new(&gateway, "").await?;
    }
    Ok(gateway)
}

fn cached_document(criterion: &mut Criterion) -> Outcome<()> {
    let (runtime, tasks, folder) = (Runtime::new()?, TaskTracker::new(), tempfile::tempdir()?);
    let gateway = runtime.block_on(gateway(folder.path(), &tasks))?;
    let etag = runtime.block_on(async { Caller::new(&gateway, "").await?.ask().await })?.etag;
    let known = format!("If-None-Match: {etag}\r\n");
    for (name, headers, status) in [
        ("as it is", "", 200),
        ("in gzip", "Accept-Encoding: gzip\r\n", 200),
        ("not modified", known.as_str(), 304),
    ] {
        let mut caller = runtime.block_on(Caller::new(&gateway, headers))?;
        let first = runtime.block_on(caller.ask())?;
        let id = format!("a cached document of 1000 tools, {name}, {} KiB", first.bytes >> 10);
        criterion.bench_function(&id, |bencher| {
            bencher.iter(|| {
                let answer = runtime.block_on(caller.ask());
                assert!(answer.is_ok_and(|answer| answer.status == status && answer.bytes == first.bytes));
            });
        });
    }
    runtime.block_on(gateway.shutdown());
    Ok(())
}

fn benches(criterion: &mut Criterion) {
    if let Err(error) = cached_document(criterion) {
        panic!("{error}");
    }
}

criterion_group!(group, benches);
criterion_main!(group);
