//! How many calls a second the engine carries: `flood CALLS AT_ONCE -- COMMAND [ARGS]`, or a URL in place of the command.
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use bytes::Bytes;
use http_body_util::Full;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use mcp_upstream::{
    CallOptions, Command, HttpService, Session, SessionOptions, StdioTransport, StreamableTransport,
    Transport,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [calls, at_once, _dashes, target, arguments @ ..] = &words[..] else {
        return Err("usage: flood CALLS AT_ONCE -- COMMAND [ARGS] | URL".into());
    };
    let (calls, at_once): (u64, u64) = (calls.parse()?, at_once.parse()?);
    let transport: Transport = if target.starts_with("http") {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build(connector);
        StreamableTransport::new(target.parse()?, HttpService::new(client)).into()
    } else {
        StdioTransport::new(Command::new(target).args(arguments)).into()
    };
    let session = Session::connect(transport, SessionOptions::default()).await?;
    let left = Arc::new(AtomicU64::new(calls));
    let arguments = Bytes::from(format!(r#"{{"message":"{}"}}"#, "x".repeat(100)));
    let started = tokio::time::Instant::now();
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..at_once {
        let (session, left, arguments) = (session.clone(), Arc::clone(&left), arguments.clone());
        callers.spawn(async move {
            while left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok() {
                let result = session.call_tool("echo", arguments.clone(), CallOptions::default()).await?;
                result.parts()?;
            }
            Ok::<(), mcp_upstream::CallError>(())
        });
    }
    while let Some(caller) = callers.join_next().await {
        caller??;
    }
    let seconds = started.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let rate = calls as f64 / seconds;
    println!("{calls} calls, {at_once} at once: {rate:.0} calls/s");
    session.close().await;
    Ok(())
}
