//! The OpenAPI document of a server with many tools: the first time, and every time after that.

use std::fs;
use std::io;

use serde_json::Value;
use tokio::time::Instant;

use super::connection::Connection;
use super::goals::Report;
use super::message::{Payload, Style};
use super::options::{Options, Part};
use super::programs::{Programs, Upstream};
use super::table::{Case, Table, median};
use super::target::{Group, Target, Who};

/// Measures both.
pub(super) async fn run(programs: &Programs, options: &Options, report: &mut Report) -> io::Result<()> {
    if !options.wants(Part::Document) {
        return Ok(());
    }
    let tools = TOOLS.to_string();
    let echo = programs.echo(Group::Http, &["--tools", tools.as_str()])?;
    let upstream = Upstream::Http(echo.address);
    println!("\nthe document of {TOOLS} tools, the first time after the start");
    let mut targets = Vec::new();
    let mut of_ours = Vec::new();
    for (build, name) in programs.ours.iter().map(|build| &build.name).enumerate() {
        let mut millis = Vec::new();
        for _ in 0..options.starts() {
            let mut target = programs.ours(build, Group::Http, &upstream)?;
            let (taken, document) = first(&mut target).await?;
            millis.push(taken);
            of_ours = document;
            if millis.len() == options.starts() {
                targets.push(target);
            }
        }
        let millis = median(millis.into_iter());
        println!("{name}: {millis:.2} ms for {} bytes", of_ours.len());
        report.at_most("the document of 150 tools, the first time", 5.0, "ms", build, millis);
    }
    if let Some(mut mcpo) = programs.mcpo(Group::Http, &upstream)? {
        let (millis, document) = first(&mut mcpo).await?;
        println!("mcpo: {millis:.2} ms for {} bytes", document.len());
        targets.push(mcpo);
    }
    let folder = programs.folder.join("static");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("document.json"), &of_ours)?;
    if let Some(mut nginx) = programs.nginx(echo.address)? {
        nginx.answers().await?;
        "nginx, a static file".clone_into(&mut nginx.name);
        "/static/document.json".clone_into(&mut nginx.path);
        targets.push(nginx);
    }
    for target in &mut targets {
        target.style = Style::Get;
    }
    let table =
        Table::measure("the same document again and again, c=32", &targets, Case::small(32), options, report)
            .await?;
    for build in 0..programs.ours.len() {
        let (ours, nginx) = ((Who::Ours(build), Group::Http), (Who::Nginx, Group::Http));
        let ratio = table.ratio(ours, nginx, |sample| sample.per_second).unwrap_or(f64::NAN);
        report.at_least("the document of 150 tools: over nginx's static file", 0.5, "x", build, ratio);
    }
    Ok(())
}

/// Asks a proxy that has just started; the milliseconds and the document. Afterwards the target is asked for the document only.
async fn first(target: &mut Target) -> io::Result<(f64, Vec<u8>)> {
    target.answers().await?;
    "/openapi.json".clone_into(&mut target.path);
    target.style = Style::Get;
    let mut template = target.template(Payload::SMALL, false);
    let mut open = Connection::open(target.address, template.size()).await?;
    let start = Instant::now();
    let reply = open.call(template.request(0)).await?;
    let millis = start.elapsed().as_secs_f64() * 1000.0;
    let document: Value = serde_json::from_slice(reply.body)?;
    let paths = document.get("paths").and_then(Value::as_object).map_or(0, serde_json::Map::len);
    if reply.status != 200 || paths != TOOLS {
        return Err(io::Error::other(format!("{}: a document of {paths} tools", target.name)));
    }
    Ok((millis, reply.body.to_vec()))
}

const TOOLS: usize = 150;
