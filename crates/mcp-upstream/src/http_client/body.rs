//! Whole bodies, within a limit.
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Body as _;
use http_body_util::BodyExt as _;

use super::service::Body;
use crate::{BoxError, Excerpt};

/// A body that was read to its end, or is longer than the limit.
pub(crate) enum Collected {
    Whole(Bytes),
    TooLarge,
}

/// Reads a body. One that comes in one piece, as most do, is not copied.
pub(crate) async fn collect(mut body: Body, limit: usize) -> Result<Collected, BoxError> {
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        let length = first.len() + all.len() + data.len();
        if length > limit {
            return Ok(Collected::TooLarge);
        }
        if first.is_empty() && all.is_empty() {
            first = data;
            continue;
        }
        if all.is_empty() {
            // The length that is promised is taken up to a point only.
            let promised = usize::try_from(body.size_hint().lower()).unwrap_or(0);
            all.reserve(length + promised.min(limit - length).min(MOST_RESERVED));
            all.extend_from_slice(&std::mem::take(&mut first));
        }
        all.extend_from_slice(&data);
    }
    Ok(Collected::Whole(if all.is_empty() { first } else { all.freeze() }))
}

/// The beginning of the body of an error, and no longer than `patience`.
pub(crate) async fn excerpt(mut body: Body, limit: usize, patience: Duration) -> (Bytes, Excerpt) {
    let mut all = BytesMut::new();
    let reading = async {
        while let Some(Ok(frame)) = body.frame().await {
            if let Ok(data) = frame.into_data() {
                all.extend_from_slice(&data);
            }
            if all.len() > ERROR_BYTES {
                break;
            }
        }
    };
    // What came in time is what there is.
    let _ = tokio::time::timeout(patience, reading).await;
    let excerpt = Excerpt::of(&all, limit);
    (all.freeze(), excerpt)
}

const MOST_RESERVED: usize = 1 << 20;
/// How much of an error's body is read, in case it is a JSON-RPC error.
const ERROR_BYTES: usize = 64 << 10;
