//! The lists of a session.
use super::{
    Prompts, ResourceTemplates, Resources, Tools,
    pages::{Item, Listed, Pages},
};
use crate::{
    CallError, CallOptions, RpcError, Session,
    message::{Params, Request},
};

impl Session {
    /// The server's tools, all pages of them (`tools/list`; server/tools, "Listing Tools"). A definition that is not
    /// usable is listed apart and harms no other.
    ///
    /// # Errors
    /// [`CallError`], if any page could not be had.
    pub async fn list_tools(&self) -> Result<Tools, CallError> {
        self.list().await.map(|list| self.take_note(list.into()))
    }

    /// The server's prompts, all pages of them (`prompts/list`; server/prompts, "Listing Prompts"). A definition that is
    /// not usable is listed apart and harms no other. A server without prompts has an empty list.
    ///
    /// ```no_run
    /// # async fn run(session: mcp_upstream::Session) -> Result<(), mcp_upstream::CallError> {
    /// for prompt in session.list_prompts().await?.prompts {
    ///     let arguments: Vec<&str> = prompt.arguments().iter().map(|argument| &*argument.name).collect();
    ///     println!("{}({})", prompt.name, arguments.join(", "));
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`CallError`], if any page could not be had.
    pub async fn list_prompts(&self) -> Result<Prompts, CallError> {
        self.list().await.map(Into::into)
    }

    /// The server's resources, all pages of them (`resources/list`; server/resources, "Listing Resources"). A definition
    /// that is not usable is listed apart and harms no other. A server without resources has an empty list.
    ///
    /// # Errors
    /// [`CallError`], if any page could not be had.
    pub async fn list_resources(&self) -> Result<Resources, CallError> {
        self.list().await.map(Into::into)
    }

    /// The server's templates for the URIs of resources, all pages of them (`resources/templates/list`;
    /// server/resources, "Resource Templates"). A server that does not know the method has none.
    ///
    /// # Errors
    /// [`CallError`], if any page could not be had.
    pub async fn list_resource_templates(&self) -> Result<ResourceTemplates, CallError> {
        self.list().await.map(Into::into)
    }

    async fn list<T: Item>(&self) -> Result<Listed<T>, CallError> {
        let mut pages = Pages::<T>::new(&self.shared().limits);
        loop {
            let members = pages.members();
            let params = if members.is_empty() { Params::None } else { Params::Members(&members) };
            let request = Request { method: T::METHOD, params };
            let page = match self.request(request, CallOptions::default()).await {
                // A server that has none need not know the method.
                Err(CallError::Server(RpcError { code: RpcError::METHOD_NOT_FOUND, .. }))
                    if !T::CAPABILITY.is_some_and(|capability| self.server().declares(capability)) =>
                {
                    break;
                }
                page => page?,
            };
            if !pages.add(&page).map_err(|source| CallError::Malformed { source })? {
                break;
            }
        }
        Ok(pages.finish())
    }
}
