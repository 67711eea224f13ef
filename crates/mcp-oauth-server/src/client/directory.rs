//! Finds a client: among the configured ones, then among those that registered themselves.

use std::collections::HashMap;
use std::sync::Arc;

use mcp_oauth_core::ClientId;

use super::Client;
use crate::store::{Store, StoreError};

/// All clients of a server.
#[derive(Clone)]
pub(crate) struct Directory {
    configured: Arc<HashMap<ClientId, Client>>,
    store: Arc<dyn Store>,
}

impl Directory {
    pub(crate) fn new(configured: HashMap<ClientId, Client>, store: Arc<dyn Store>) -> Self {
        Self { configured: Arc::new(configured), store }
    }

    /// The client with this id.
    pub(crate) async fn find(&self, id: &ClientId) -> Result<Option<Client>, StoreError> {
        match self.configured.get(id) {
            Some(client) => Ok(Some(client.clone())),
            None => self.store.client(id).await,
        }
    }

    /// Keeps a client that registered itself.
    pub(crate) async fn add(&self, client: Client) -> Result<(), StoreError> {
        self.store.add_client(client).await
    }
}
