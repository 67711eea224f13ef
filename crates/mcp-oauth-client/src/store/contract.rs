//! What every store must do, whichever it is: run by the tests of each.

use std::sync::Arc;
use std::time::Duration;

use mcp_oauth_core::{Issuer, ResourceUri};

use super::{CredentialStore, SecretBytes, StoreError, StoreKey};

pub(super) fn key(subject: &str) -> StoreKey {
    StoreKey::Grant {
        issuer: Issuer::parse("https://as.test").unwrap(),
        resource: ResourceUri::parse("https://h.test").unwrap(),
        subject: subject.to_owned(),
    }
}

pub(super) fn value(text: &str) -> SecretBytes {
    // An object, as all values of this crate are.
    SecretBytes::new(format!("{{\"text\":\"{text}\"}}").into_bytes())
}

/// C15.2, C15.6. Two handles to one empty store, as two processes have them.
pub(super) async fn hold<S: CredentialStore>(one: S, other: S) {
    let (one, other) = (Arc::new(one), Arc::new(other));
    replaces_only_what_was_seen(&*one, &*other).await;
    keeps_keys_apart(&*one).await;
    loses_no_write(&one, &other).await;
    leases_to_one_at_a_time(&*one, &other).await;
}

async fn replaces_only_what_was_seen(one: &impl CredentialStore, other: &impl CredentialStore) {
    let key = key("swap");
    assert!(one.load(&key).await.unwrap().is_none());
    one.replace(&key, None, None).await.unwrap();
    one.replace(&key, Some(value("one")), None).await.unwrap();
    assert_eq!(other.load(&key).await.unwrap(), Some(value("one")));
    for unseen in [None, Some(value("zero").version())] {
        for new in [None, Some(value("x"))] {
            let refused = other.replace(&key, new, unseen).await;
            assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
        }
    }
    other.replace(&key, Some(value("two")), Some(value("one").version())).await.unwrap();
    one.replace(&key, Some(value("two")), Some(value("two").version())).await.unwrap();
    one.replace(&key, None, Some(value("two").version())).await.unwrap();
    assert!(other.load(&key).await.unwrap().is_none());
}

async fn keeps_keys_apart(store: &impl CredentialStore) {
    store.replace(&key("me"), Some(value("mine")), None).await.unwrap();
    store.replace(&key("you"), Some(value("yours")), None).await.unwrap();
    assert_eq!(store.load(&key("me")).await.unwrap(), Some(value("mine")));
    assert_eq!(store.load(&key("you")).await.unwrap(), Some(value("yours")));
}

/// Writers at the same time: one wins each round, and no reader sees half a value.
async fn loses_no_write<S: CredentialStore>(one: &Arc<S>, other: &Arc<S>) {
    const WINS: usize = 10;
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let store = Arc::clone(if writer % 2 == 0 { one } else { other });
            tokio::spawn(async move {
                let mut won = 0;
                while won < WINS {
                    let before = store.load(&key("count")).await.unwrap();
                    let count = before.as_ref().map_or(0, counted);
                    let next = value(&format!("{} {writer} {}", count + 1, "x".repeat(2000)));
                    match store.replace(&key("count"), Some(next), before.map(|it| it.version())).await {
                        Ok(()) => won += 1,
                        Err(StoreError::Conflict) => {}
                        Err(error) => panic!("{error:?}"),
                    }
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(counted(&one.load(&key("count")).await.unwrap().unwrap()), 4 * WINS);
}

fn counted(value: &SecretBytes) -> usize {
    let value: serde_json::Value = serde_json::from_slice(value.expose()).expect("a whole value");
    value["text"].as_str().unwrap().split(' ').next().unwrap().parse().unwrap()
}

/// C14.7: one holder at a time, who may still read and write; the end of the holder ends the lease.
async fn leases_to_one_at_a_time<S: CredentialStore>(one: &S, other: &Arc<S>) {
    let lease = one.lease(&key("lease"), Duration::from_secs(60), Duration::ZERO).await.unwrap();
    for limit in [Duration::ZERO, Duration::from_millis(30)] {
        let refused = other.lease(&key("lease"), Duration::from_secs(60), limit).await;
        assert!(matches!(refused, Err(StoreError::LeaseTimeout { waited }) if waited == limit));
    }
    other.lease(&key("another"), Duration::from_secs(60), Duration::ZERO).await.unwrap();
    other.replace(&key("lease"), Some(value("x")), None).await.unwrap();
    let waiting = tokio::spawn({
        let other = Arc::clone(other);
        async move { other.lease(&key("lease"), Duration::from_secs(60), Duration::MAX).await.map(drop) }
    });
    drop(lease);
    waiting.await.unwrap().unwrap();
}
