//! What the login of a server costs each call: the same call with a fresh token and without.

use std::io;

use serde_json::json;

use super::connection::Connection;
use super::goals::Report;
use super::message::{Payload, Style, Template, Way};
use super::options::{Options, Part};
use super::programs::Programs;
use super::startup::many;
use super::table::{Case, Table};
use super::target::{Group, Target, Who};

/// Measures both in turn, in more rounds than elsewhere: the difference is small.
pub(super) async fn run(programs: &Programs, options: &Options, report: &mut Report) -> io::Result<()> {
    if !options.wants(Part::Oauth) {
        return Ok(());
    }
    let open = programs.echo(Group::Http, &[])?;
    let protected = programs.echo(Group::Oauth, &["--oauth"])?;
    let server =
        |echo: &Target| json!({ "type": "streamable-http", "url": format!("http://{}/mcp", echo.address) });
    let mut with = server(&protected);
    with["oauth"] = json!({ "use_loopback": false, "storage_type": "memory", "client_id": "bench" });
    let mut targets = Vec::new();
    for build in 0..programs.ours.len() {
        targets.push(programs.ours(build, Group::Http, &many(1, |_| server(&open)))?);
        let mut target = programs.ours_with_terminal(build, Group::Oauth, &many(1, |_| with.clone()))?;
        log_in(&mut target).await?;
        targets.push(target);
    }
    for target in &mut targets {
        target.answers().await?;
    }
    let options = options.clone().more_rounds(MORE);
    let table = Table::measure("a login's token, c=32", &targets, Case::small(32), &options, report).await?;
    for build in 0..programs.ours.len() {
        let who = Who::Ours(build);
        let more = table
            .paired((who, Group::Oauth), (who, Group::Http), |with, without| with.cpu_us - without.cpu_us);
        report.at_most("a fresh token: CPU a call over none", 2.0, "us", build, more.unwrap_or(f64::NAN));
    }
    Ok(())
}

/// Does what a person would: opens the address that the proxy prints, and pastes the one that this ends at.
async fn log_in(target: &mut Target) -> io::Result<()> {
    let address = target.server.wait_for("/authorize?")?;
    let bad = || io::Error::other(format!("no login page in {address:?}"));
    let (host, path) =
        address.trim().strip_prefix("http://").and_then(|rest| rest.split_once('/')).ok_or_else(bad)?;
    let path = format!("/{path}");
    let way = Way { style: Style::Get, host, path: &path, key: None, close: true };
    let mut template = Template::new(way, Payload::SMALL);
    let mut open = Connection::open(host.parse().map_err(|_| bad())?, template.size()).await?;
    let reply = open.call(template.request(0)).await?;
    let answer = String::from_utf8_lossy(reply.body).into_owned();
    target.server.type_line(&answer)
}

/// Times as many rounds.
const MORE: usize = 3;
