//! Randomness, passed in so that a test can repeat a flow exactly.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

/// A source of unpredictable bytes.
///
/// States, verifiers, codes and tokens are made from it, so an implementation outside of tests must be a
/// cryptographically secure generator.
pub trait Entropy: Send + Sync + 'static {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

impl<E: Entropy + ?Sized> Entropy for Arc<E> {
    fn fill(&self, bytes: &mut [u8]) {
        (**self).fill(bytes);
    }
}

/// The operating system's generator.
///
/// # Panics
/// [`fill`](Entropy::fill) panics when the operating system has no randomness to give: going on without it would
/// hand out guessable secrets.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the operating system for randomness"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system's random generator failed");
    }
}

/// 256 random bits as 43 characters of base64url: a value nobody guesses and every grammar accepts. For identifiers that
/// must be unique, such as the `jti` of a token.
pub fn random_text(entropy: &dyn Entropy) -> String {
    let mut bytes = Zeroizing::new([0_u8; 32]);
    entropy.fill(&mut *bytes);
    URL_SAFE_NO_PAD.encode(*bytes)
}
