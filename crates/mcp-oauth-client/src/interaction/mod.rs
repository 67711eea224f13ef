//! How a person is reached, and how their answer comes back.
//!
//! An [`Interaction`] first gets ready, which fixes the redirect URI: a listener stands before anybody sees an address
//! that leads to it. What it gets ready is a [`Rendezvous`], which shows the address, waits for the answer and tells the
//! person how it ended.

mod address;
mod browser;
mod channel;
mod console;
mod device;
mod error;
mod lines;
mod loopback;
mod page;
mod prompt;
mod rendezvous;
mod sockets;
mod terminal;
mod thread;

pub use browser::BrowserLoopback;
pub use channel::{Channel, NotAccepted, Question, Questions};
pub use console::Console;
pub use device::{DeviceDisplay, DeviceLogin, DevicePrompt};
pub use error::InteractionError;
pub use loopback::LoopbackOptions;
pub use prompt::Prompt;
pub use rendezvous::{Interaction, Rendezvous};
use thread::on_own_thread;
