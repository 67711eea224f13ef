//! The program as its users have it: the real binary, over real sockets, in front of real servers.
//!
//! How these tests are organised, and which environment variables tell them where the real peers are: docs/testing.md.

mod access;
mod browser;
mod command_line;
mod configuration;
mod connections;
mod cors;
mod demo;
mod documentation;
mod down_servers;
mod forwarding;
mod https;
mod login;
mod many;
mod oauth;
mod pages;
mod peers;
mod reload;
mod root_path;
mod shutdown;
mod support;
mod tools_change;
