//! The cheapest MCP server there can be: one tool that says back what it was told. So that the benchmark measures proxies.
//!
//! `bench-echo stdio` speaks on stdin and stdout; `bench-echo http` on a free port of the loopback interface, which it prints:
//! MCP at `/mcp`, and the same as a plain JSON endpoint at `/plain/echo`, for a proxy that knows no MCP. The options make it
//! slow, talkative or clumsy, as real servers are.

mod answer;
mod http;
mod oauth;
mod stdio;

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};

/// An MCP server that echoes
#[derive(Debug, Parser)]
struct Arguments {
    /// How it is spoken to
    transport: Transport,

    /// Answer calls over HTTP with a stream of one event
    #[arg(long)]
    sse: bool,

    /// Leave Nagle's algorithm on, and write a stream in three pieces
    #[arg(long, requires = "sse")]
    nagle: bool,

    /// Want a token, and be the authorization server that gives it (http only)
    #[arg(long)]
    oauth: bool,

    /// Milliseconds that each call takes
    #[arg(long, default_value_t = 0)]
    delay_ms: u64,

    /// Milliseconds until it answers at all (stdio only)
    #[arg(long, default_value_t = 0)]
    start_ms: u64,

    /// How many tools it lists; only the first is ever called
    #[arg(long, default_value_t = 1)]
    tools: usize,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Transport {
    Stdio,
    Http,
}

impl Arguments {
    fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.transport {
        Transport::Stdio => stdio::run(&arguments),
        Transport::Http => http::run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // The proxy left: nobody is to be told.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-echo: {error}");
            ExitCode::FAILURE
        }
    }
}
