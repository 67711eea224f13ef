//! The future of a request: one poll deeper than the client's own, as long as the server has nothing to object.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::future::BoxFuture;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tower::Service;

use super::recovery::{self, Spare};
use crate::http::BoxError;

pin_project! {
    /// The answer to a request, after whatever logins and renewals it takes.
    pub struct AuthorizedFuture<S, B, R>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        stage: Stage<S, B, R>,
    }
}

pin_project! {
    #[project = StageProjection]
    enum Stage<S, B, R>
    where
        S: Service<Request<B>>,
    {
        // The request is on its way. With what it takes to send it again, unless it carries no token of ours.
        First {
            #[pin]
            answer: S::Future,
            spare: Option<Spare<S, B>>,
        },
        // Something else has to happen first. Rare, so that it may cost an allocation.
        Slow { answer: BoxFuture<'static, Result<Response<R>, BoxError>> },
    }
}

impl<S: Service<Request<B>>, B, R> AuthorizedFuture<S, B, R> {
    pub(super) fn passing(answer: S::Future) -> Self {
        Self { stage: Stage::First { answer, spare: None } }
    }

    pub(super) fn first(answer: S::Future, spare: Spare<S, B>) -> Self {
        Self { stage: Stage::First { answer, spare: Some(spare) } }
    }

    pub(super) fn slow(answer: impl Future<Output = Result<Response<R>, BoxError>> + Send + 'static) -> Self {
        Self { stage: Stage::Slow { answer: Box::pin(answer) } }
    }
}

impl<S: Service<Request<B>>, B, R> fmt::Debug for AuthorizedFuture<S, B, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthorizedFuture")
    }
}

impl<S, B, R> Future for AuthorizedFuture<S, B, R>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: Clone + Send + 'static,
    R: Send + 'static,
{
    type Output = Result<Response<R>, BoxError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut stage = self.project().stage;
        loop {
            // First => Slow | done
            // Slow  => done
            match stage.as_mut().project() {
                StageProjection::First { answer, spare } => {
                    let answer = ready!(answer.poll(context)).map_err(Into::into)?;
                    let Some(spare) = spare.take().filter(|_| recovery::concerns(&answer)) else {
                        return Poll::Ready(Ok(answer));
                    };
                    stage.set(Stage::Slow { answer: Box::pin(recovery::recover(spare, answer)) });
                }
                StageProjection::Slow { answer } => return answer.as_mut().poll(context),
            }
        }
    }
}
