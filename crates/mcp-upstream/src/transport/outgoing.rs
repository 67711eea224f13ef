//! A request on its way to the wire, with what each transport needs to write it.
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::{
    Meta,
    message::{MetaFields, Request},
    shared::Shared,
};

/// A request with everything that goes with it.
#[derive(Debug)]
pub(crate) struct Outgoing<'a> {
    pub(crate) request: Request<'a>,
    /// It is of a stateless revision, and bears what the server must know.
    pub(crate) stateless: bool,
    /// What it is about, if its method has such: the name of a tool or prompt, the URI of a resource.
    pub(crate) name: Option<&'a str>,
    /// Arguments that a stateless server wants to see in headers as well.
    pub(crate) parameters: Vec<(HeaderName, HeaderValue)>,
    /// The caller's own headers.
    pub(crate) headers: HeaderMap,
    /// The caller's own `_meta`.
    pub(crate) meta: Option<&'a Meta>,
    /// It stays open, and the server's notifications refer to it.
    pub(crate) subscribes: bool,
}

impl<'a> Outgoing<'a> {
    /// A request and nothing else.
    pub(crate) fn new(request: Request<'a>, stateless: bool) -> Self {
        Self {
            request,
            stateless,
            name: None,
            parameters: Vec::new(),
            headers: HeaderMap::new(),
            meta: None,
            subscribes: false,
        }
    }

    /// Appends the message.
    pub(super) fn encode(&self, out: &mut Vec<u8>, shared: &Shared, id: u64, progress: bool) {
        if self.subscribes {
            shared.subscriptions.opened(id);
        }
        let session = if self.stateless { shared.request_meta.get().map(Vec::as_slice) } else { None };
        let log_level = if self.stateless { shared.log_level() } else { None };
        let meta = MetaFields { session: session.unwrap_or_default(), progress, log_level, own: self.meta };
        self.request.encode(out, id, meta);
    }
}
