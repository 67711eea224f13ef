//! A map that forgets: what expired, and the oldest when it is full.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::time::SystemTime;

/// At most `capacity` entries, each with a time to end.
#[derive(Debug)]
pub(super) struct BoundedMap<K, V> {
    capacity: usize,
    entries: HashMap<K, Entry<V>>,
    /// Insertion order, to find the oldest. One number per entry.
    order: BTreeMap<u64, K>,
    next: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    expires_at: Option<SystemTime>,
    position: u64,
}

impl<K: Hash + Eq + Clone, V> BoundedMap<K, V> {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), entries: HashMap::new(), order: BTreeMap::new(), next: 0 }
    }

    /// Adds or replaces an entry. A full map drops what expired, and if nothing did, its oldest entry: a stranger who
    /// fills it can make people start again, not make the process grow or turn everybody away.
    pub(super) fn insert(&mut self, key: K, value: V, expires_at: Option<SystemTime>, now: SystemTime) {
        self.remove(&key);
        if self.entries.len() >= self.capacity {
            self.purge(now);
        }
        while self.entries.len() >= self.capacity {
            let Some((_, oldest)) = self.order.pop_first() else { break };
            self.entries.remove(&oldest);
        }
        let position = self.next;
        self.next += 1;
        self.order.insert(position, key.clone());
        self.entries.insert(key, Entry { value, expires_at, position });
    }

    pub(super) fn get_mut<Q>(&mut self, key: &Q, now: SystemTime) -> Option<&mut V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let entry = self.entries.get_mut(key)?;
        entry.expires_at.is_none_or(|end| now < end).then_some(&mut entry.value)
    }

    pub(super) fn get<Q>(&self, key: &Q, now: SystemTime) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let entry = self.entries.get(key)?;
        entry.expires_at.is_none_or(|end| now < end).then_some(&entry.value)
    }

    pub(super) fn take<Q>(&mut self, key: &Q, now: SystemTime) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.remove(key).filter(|entry| entry.expires_at.is_none_or(|end| now < end)).map(|entry| entry.value)
    }

    fn remove<Q>(&mut self, key: &Q) -> Option<Entry<V>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let entry = self.entries.remove(key)?;
        self.order.remove(&entry.position);
        Some(entry)
    }

    fn purge(&mut self, now: SystemTime) {
        let order = &mut self.order;
        self.entries.retain(|_, entry| {
            let lives = entry.expires_at.is_none_or(|end| now < end);
            if !lives {
                order.remove(&entry.position);
            }
            lives
        });
    }
}

#[cfg(test)]
mod tests;
