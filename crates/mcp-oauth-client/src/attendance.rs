//! Logins that requests begin by themselves: what for, who is asked first, and what keeps them from becoming a nuisance.

mod memory;
mod need;

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use mcp_oauth_core::{EndpointUrl, ScopeSet};

use crate::{AuthorizationReason, Interaction};

pub(crate) use memory::{Judgement, Memory};
pub(crate) use need::{Need, Operation};

type Confirm = dyn Fn(LoginOccasion) -> BoxFuture<'static, bool> + Send + Sync;

/// What a program says about the logins that requests begin, in whatever order it says it.
#[derive(Clone, Default)]
pub(crate) struct Attendance {
    interaction: Option<Arc<dyn Interaction>>,
    confirm: Option<Arc<Confirm>>,
}

impl Attendance {
    pub(crate) fn interactive(&mut self, interaction: impl Interaction + 'static) {
        self.interaction = Some(Arc::new(interaction));
    }

    pub(crate) fn confirm(
        &mut self,
        confirm: impl Fn(LoginOccasion) -> BoxFuture<'static, bool> + Send + Sync + 'static,
    ) {
        self.confirm = Some(Arc::new(confirm));
    }

    /// Who attends. Nobody where no person can be reached, whatever there is to confirm.
    pub(crate) fn attendant(&self) -> Option<Arc<Attendant>> {
        let interaction = self.interaction.clone()?;
        Some(Arc::new(Attendant { interaction, confirm: self.confirm.clone() }))
    }
}

impl fmt::Debug for Attendance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attendance")
            .field("interactive", &self.interaction.is_some())
            .field("confirms", &self.confirm.is_some())
            .finish()
    }
}

/// How a person is reached for the logins of one layer.
pub(crate) struct Attendant {
    pub(crate) interaction: Arc<dyn Interaction>,
    confirm: Option<Arc<Confirm>>,
}

impl Attendant {
    /// Whether the application agrees to ask the person once more (C11.6).
    pub(crate) async fn agrees(&self, occasion: impl FnOnce() -> LoginOccasion) -> bool {
        match &self.confirm {
            None => true,
            Some(confirm) => confirm(occasion()).await,
        }
    }
}

/// What a person would be asked for once more, and why; for
/// [`AuthorizationLayer::confirm`](crate::AuthorizationLayer::confirm).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LoginOccasion {
    /// The MCP server.
    pub server: EndpointUrl,
    /// Why a login is needed.
    pub reason: AuthorizationReason,
    /// What would be asked for: the scopes asked for before, and those needed now. Empty when the server names none.
    pub scopes: ScopeSet,
    /// Of these, what the refused request needs.
    pub needed: ScopeSet,
    /// The operation that was refused: the method and name of the MCP request where its headers tell them
    /// (`Mcp-Method`, `Mcp-Name`), else the HTTP method and path.
    pub operation: String,
}

impl fmt::Debug for Attendant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attendant").field("confirms", &self.confirm.is_some()).finish_non_exhaustive()
    }
}
