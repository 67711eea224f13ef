//! What the scenarios are told with.

mod client;
mod home;
mod installed;
mod node_server;
mod process;
mod protected;
mod proxy;
mod run;

pub(crate) use client::{Client, Reply};
pub(crate) use home::{Home, answer, approve, login_url, login_urls, parameter};
pub(crate) use installed::{Installed, command_line, setting};
pub(crate) use node_server::{Mode, NodeServer};
#[cfg(unix)]
pub(crate) use process::{children, is_running, signal};
pub(crate) use protected::Protected;
pub(crate) use proxy::{LOCAL, Proxy};
pub(crate) use run::{Finished, mcpo, run};

/// How long anything that must happen may take, on a machine that does other things too.
pub(crate) const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);
