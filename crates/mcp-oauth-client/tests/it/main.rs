//! The client against real, scripted servers. Tests name the requirement that they prove.
//!
//! C16.9, OAuth 2.1 §7 as a whole, in its order: tokens that are stolen or replayed, `leaks`, `dpop`, `layer`; client
//! authentication and impersonation, `registration`, `client_credentials`; refresh tokens, `refresh`, `races`,
//! `processes`; authorization codes and downgraded PKCE, `login`, `policy`, `real`; the endpoints' authenticity,
//! `discovery`, `network`; forged, injected and mixed-up answers, open redirectors, `interaction`, `hostile`.
#![expect(clippy::unwrap_used, reason = "a step that fails is the end of a test")]

#[path = "../../../../fuzz/src/answers.rs"]
#[expect(unreachable_pub, reason = "the fuzz target uses them from another crate")]
mod answers;
mod authorized;
mod belonging;
mod client_credentials;
mod crash;
mod device;
mod discovery;
mod dpop;
mod egress;
mod endings;
mod enterprise;
mod examples;
mod faulty;
mod hostile;
mod interaction;
mod interactive;
mod layer;
mod leaks;
mod login;
mod logout;
mod management;
mod migration;
mod network;
mod patience;
mod policy;
mod processes;
mod properties;
mod pushed;
mod races;
mod real;
mod refresh;
mod registration;
mod replicas;
mod resumption;
mod sharing;
mod step_up_alone;
mod support;
mod token;
mod transport;
mod unfinished;
mod unsaved;
mod workload;
