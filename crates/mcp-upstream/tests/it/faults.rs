//! What servers, and what lies between, do wrong. docs/faults.md is the table of it; each row names its test here.
mod answers;
mod floods;
mod garbage;
mod network;
mod peer;
mod process;
mod restarts;
mod stateless;
mod statuses;
mod table;
mod tls;
