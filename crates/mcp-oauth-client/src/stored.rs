//! How values are written into a store: absolute times as seconds since 1970, endpoints as they were accepted.

/// `Option<SystemTime>` as seconds since 1970.
pub(crate) mod time {
    use std::time::{Duration, SystemTime};

    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "the signature that serde's `with` asks for")]
    pub(crate) fn serialize<S: Serializer>(
        time: &Option<SystemTime>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match time.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok()) {
            Some(since) => serializer.serialize_u64(since.as_secs()),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<SystemTime>, D::Error> {
        let seconds = Option::<u64>::deserialize(deserializer)?;
        Ok(seconds.and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))))
    }
}

/// An endpoint that was accepted when it was stored. A policy that allowed plain http then must not make the record
/// unreadable now; each request checks the policy again.
pub(crate) mod endpoint {
    use mcp_oauth_core::{EndpointUrl, PlainHttp};
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(endpoint: &EndpointUrl, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(endpoint.as_str())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<EndpointUrl, D::Error> {
        let text = String::deserialize(deserializer)?;
        EndpointUrl::parse_with(&text, PlainHttp::Anywhere).map_err(serde::de::Error::custom)
    }
}
