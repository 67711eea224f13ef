//! What a failed request says: that nobody listens at the server's address, or at least that nothing was sent.
use std::{error::Error, io};

use hyper_util::client::legacy;

use crate::BoxError;

/// Whether the client could not connect because the server, or its host, is not there. Then nothing was sent.
///
/// Only an error that is the client's own counts: one inside a layer's error is about the layer's own requests, to an
/// authorization server for example. And only a clear no counts: a connection that takes too long, or that breaks, may
/// mean that the server is busy, while other calls are under way. The client is ours or hyper-util's, alone or below layers
/// that hand its errors on; other clients' errors are never taken for this.
pub(crate) fn is_refused(error: &BoxError) -> bool {
    #[cfg(feature = "client")]
    if let Some(error) = error.downcast_ref::<crate::HttpClientError>() {
        return error.is_refused();
    }
    let Some(error) = error.downcast_ref::<legacy::Error>().filter(|error| error.is_connect()) else {
        return false;
    };
    std::iter::successors(error.source(), |error| (**error).source())
        .filter_map(|error| error.downcast_ref::<io::Error>())
        .any(is_clear_no)
}

/// Whether the client never had a connection for the request, so that nothing of it was sent. As above, only an error that is
/// the client's own counts.
pub(crate) fn is_unsent(error: &BoxError) -> bool {
    #[cfg(feature = "client")]
    if let Some(error) = error.downcast_ref::<crate::HttpClientError>() {
        return error.is_unsent();
    }
    error.downcast_ref::<legacy::Error>().is_some_and(legacy::Error::is_connect)
}

/// Whether the system says that nobody listens, or that no way leads there.
pub(crate) fn is_clear_no(error: &io::Error) -> bool {
    CLEAR.contains(&error.kind())
}

const CLEAR: [io::ErrorKind; 3] =
    [io::ErrorKind::ConnectionRefused, io::ErrorKind::HostUnreachable, io::ErrorKind::NetworkUnreachable];
