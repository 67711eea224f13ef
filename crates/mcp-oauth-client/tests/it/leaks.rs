//! C14.1, C15.4: whole lives of grants, with everything logged and shown, and no secret in it.

mod alone;
mod attended;
mod each;
mod public;
mod tls;
mod watch;
mod wire;
