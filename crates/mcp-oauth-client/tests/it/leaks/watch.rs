//! Everything that a program could log or show, and the search through it.

use std::collections::BTreeSet;
use std::fmt::{Debug, Write as _};
use std::io;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use tracing_subscriber::fmt::MakeWriter;
use url::form_urlencoded;

use super::wire::Wire;

/// Takes what is logged at TRACE by any crate, be it by `tracing` or by `log`, on the thread of a test; and what is shown.
pub(super) struct Watch {
    log: Log,
    shown: String,
    types: BTreeSet<String>,
    pub(super) wire: Wire,
    guard: tracing::subscriber::DefaultGuard,
}

impl Watch {
    pub(super) fn begin() -> Self {
        // What rustls says, it says by `log`. Another test of this process may have come first.
        let _ = tracing_log::LogTracer::init();
        let log = Log::default();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(tracing::Level::TRACE)
            .with_writer(log.clone())
            .finish();
        // Of this thread only, which is the one that the test's runtime uses.
        let guard = tracing::subscriber::set_default(subscriber);
        Self { log, shown: String::new(), types: BTreeSet::new(), wire: Wire::default(), guard }
    }

    /// What a program may write into its own log.
    pub(super) fn show<T: Debug>(&mut self, value: &T) {
        writeln!(self.shown, "{value:?}\n{value:#?}").unwrap();
        let name = std::any::type_name::<T>();
        let paths = name.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
        let ours = paths.filter(|path| path.starts_with("mcp_oauth_c"));
        self.types.extend(ours.filter_map(|path| path.rsplit("::").next().map(str::to_owned)));
    }

    /// The names of our types that were shown.
    pub(super) fn types(&self) -> &BTreeSet<String> {
        &self.types
    }

    /// An error as it is told, with all that caused it.
    pub(super) fn show_error(&mut self, error: &(dyn std::error::Error + 'static)) {
        for cause in std::iter::successors(Some(error), |error| error.source()) {
            writeln!(self.shown, "{cause}").unwrap();
        }
        writeln!(self.shown, "{error:?}").unwrap();
    }

    /// Nothing of what was secret is in anything that was logged or shown, in whatever form. `targets` must have logged.
    pub(super) fn end(self, targets: &[&str]) {
        let Self { log, shown, wire, guard, .. } = self;
        drop(guard);
        let log = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
        for target in targets {
            let trace = log.lines().any(|line| line.contains(&format!(" {target}")));
            assert!(trace, "{target} logged nothing; {} bytes were logged", log.len());
        }
        assert!(log.contains("TRACE") && !shown.is_empty());
        let secrets = wire.secrets();
        assert!(secrets.len() >= 3, "{secrets:?}");
        for (place, text) in [("log", &log), ("debug", &shown)] {
            for (kind, secret) in &secrets {
                for (form, written) in forms(secret) {
                    if let Some(at) = text.find(&written) {
                        let from = text[..at].rfind('\n').map_or(0, |line| line + 1);
                        let line: String = text[from..].chars().take(400).collect();
                        panic!("C15.4: {kind} {secret}, {form}, is in the {place}: {line}");
                    }
                }
            }
        }
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("a lock").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// How a secret may be written.
fn forms(secret: &str) -> Vec<(String, String)> {
    let bytes = secret.as_bytes();
    let mut forms = vec![
        ("as it is".to_owned(), secret.to_owned()),
        ("form-encoded".to_owned(), form_urlencoded::byte_serialize(bytes).collect()),
        (
            "percent-encoded".to_owned(),
            bytes.iter().fold(String::new(), |text, byte| text + &format!("%{byte:02X}")),
        ),
        (
            "in hexadecimal".to_owned(),
            bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}")),
        ),
        ("as a list of bytes".to_owned(), format!("{bytes:?}")),
        ("as JSON".to_owned(), serde_json::to_string(secret).unwrap()),
    ];
    // Within a longer text that is base64, a secret may begin at each of three places; what its neighbours have a part in
    // is left out.
    for before in 0..3 {
        let shifted = [&b"___"[..before], bytes].concat();
        for (alphabet, engine) in [("base64", &STANDARD_NO_PAD), ("base64url", &URL_SAFE_NO_PAD)] {
            let text = engine.encode(&shifted);
            let from = (before * 8).div_ceil(6);
            let to = shifted.len() / 3 * 4;
            if let Some(inner) = text.get(from..to).filter(|inner| inner.len() >= 8) {
                forms.push((format!("in {alphabet}"), inner.to_owned()));
            }
        }
    }
    forms
}

/// The search finds what is there, in each form.
#[test]
fn the_search_finds_each_form() {
    let secret = "a-secret:+ %of-length";
    let found = |text: &str| forms(secret).iter().any(|(_, form)| text.contains(form.as_str()));
    for prefix in ["", "x", "xy", "xyz"] {
        assert!(found(&STANDARD_NO_PAD.encode(format!("{prefix}{secret}:tail"))), "{prefix}");
        assert!(found(&URL_SAFE_NO_PAD.encode(format!("{prefix}{secret}"))), "{prefix}");
    }
    assert!(found(&form_urlencoded::Serializer::new(String::new()).append_pair("a", secret).finish()));
    assert!(found(&format!("{secret:?}")) && found(&format!("{:?}", secret.as_bytes())));
    assert!(!found("nothing of it"));
}

/// What is logged is found, whoever logged it and in whatever form.
#[test]
#[should_panic(expected = "C15.4: code the-code-s3cr3t, in base64")]
fn a_leak_is_found() {
    let mut watch = Watch::begin();
    for kind in ["code", "state", "token"] {
        watch.wire.add(kind, &format!("the-{kind}-s3cr3t"));
    }
    watch.show(&"nothing");
    tracing::trace!(target: "hyper", header = STANDARD_NO_PAD.encode("some-id:the-code-s3cr3t"), "sent");
    watch.end(&["hyper"]);
}
