//! How much of what a peer sends is taken.

/// Limits on requests.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of a request's body, on every endpoint. Default 64 KiB.
    pub body_bytes: usize,
    /// Bytes of `state`, which is kept while the person decides. Default 4 KiB.
    pub state_bytes: usize,
    /// Redirect URIs of one registration. Default 20.
    pub redirect_uris: usize,
    /// Bytes of one redirect URI. Default 2 KiB.
    pub redirect_uri_bytes: usize,
    /// Characters of a client's name; more are cut off. Default 80.
    pub client_name_chars: usize,
    /// Registrations in a minute, from all clients together; more are answered with 429. Default 60.
    pub registrations_per_minute: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 64 * 1024,
            state_bytes: 4 * 1024,
            redirect_uris: 20,
            redirect_uri_bytes: 2 * 1024,
            client_name_chars: 80,
            registrations_per_minute: 60,
        }
    }
}
