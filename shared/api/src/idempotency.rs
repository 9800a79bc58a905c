//! `Idempotency-Key`: the same request again gets the same reply and changes nothing further.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::http::{Method, request::Parts};
use data_encoding::HEXLOWER;
use rollcall_domain::{
    Code, Timestamp,
    limits::{IDEMPOTENCY_LIFETIME, MAX_IDEMPOTENCY_KEY_CHARS, REQUEST_DEADLINE},
};
use rollcall_store::{Write, idempotency};
use sha2::{Digest, Sha256};

use crate::{Context, Problem, Reply, actor::Actor, keyring::KeyPurpose};

/// Whether a request has more to commit after this transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follows {
    /// More transactions of the same request.
    More,
    /// Nothing: this is the reply.
    Nothing,
}

/// Where the layer around the handlers finds the ticket of the request that went through it.
#[derive(Clone, Debug, Default)]
pub(crate) struct IdempotencySlot(Arc<OnceLock<Arc<IdempotencyKey>>>);

impl IdempotencySlot {
    /// The pocket that came with a request.
    pub(crate) fn of(parts: &Parts) -> Self {
        parts.extensions.get().cloned().unwrap_or_default()
    }

    pub(crate) fn keep(&self, ticket: &Arc<IdempotencyKey>) {
        drop(self.0.set(Arc::clone(ticket)));
    }

    /// The reply to the same request, where a twin of it was quicker and this one was refused for what the twin did.
    pub(crate) async fn twins_reply(&self, context: &Context) -> Option<Reply> {
        match self.0.get()?.replay(context, context.now()).await {
            Err(Problem::Replayed(reply)) => Some(*reply),
            Ok(()) | Err(_) => None,
        }
    }
}

/// Under which key a request's reply is remembered.
#[derive(Debug)]
pub(crate) struct IdempotencyKey {
    /// SHA-256 of user, path and key.
    hash: String,
    /// SHA-256 of the body.
    body_hash: String,
    /// What this request has remembered so far, sealed.
    written: Mutex<Option<String>>,
}

impl IdempotencyKey {
    /// The ticket of a POST that carries a key; a key that is none is refused. A flow is named by its path alone.
    pub(crate) fn of(parts: &Parts, actor: Option<&Actor>, body: &[u8]) -> Result<Option<Self>, Code> {
        let mut values = parts.headers.get_all("idempotency-key").iter();
        let (Some(value), true) = (values.next(), parts.method == Method::POST) else { return Ok(None) };
        let key = value.as_bytes();
        let printable = key.iter().all(|byte| matches!(byte, b' '..=b'~'));
        if values.next().is_some() || !printable || !(1..=MAX_IDEMPOTENCY_KEY_CHARS).contains(&key.len()) {
            return Err(Code::InvalidIdempotencyKey);
        }
        let mut hash = Sha256::new();
        hash.update(actor.map(|actor| *actor.user.user_id.as_bytes()).unwrap_or_default());
        // A path holds no line feed, so no path and key run together into another pair.
        hash.update(parts.uri.path());
        hash.update(b"\n");
        hash.update(key);
        let body_hash = HEXLOWER.encode(&Sha256::digest(body));
        Ok(Some(Self { hash: HEXLOWER.encode(&hash.finalize()), body_hash, written: Mutex::new(None) }))
    }

    /// Whether the same request was answered by now.
    pub(crate) async fn is_answered(&self, context: &Context) -> bool {
        matches!(self.replay(context, context.now()).await, Err(Problem::Replayed(_)))
    }

    /// Ends the request with the remembered reply, where there is one.
    pub(crate) async fn replay(&self, context: &Context, now: Timestamp) -> Result<(), Problem> {
        let Some(record) = context.store.idempotency_record(&self.hash, now).await? else { return Ok(()) };
        if record.body_hash != self.body_hash {
            return Err(Code::IdempotencyMismatch.into());
        }
        if record.running_until.is_some_and(|until| now < until) {
            return Err(Code::IdempotencyInProgress.into());
        }
        let opened = context.keyring().await?.open(KeyPurpose::Idempotency, self.hash.as_bytes(), &record.sealed_reply);
        let reply = opened.and_then(|json| serde_json::from_slice(&json).ok());
        // Not readable any more means that its key was taken out: neither repeating nor guessing would be right.
        Err(reply.map_or_else(
            || Problem::Unavailable("a remembered reply cannot be read".to_owned()),
            |reply| Problem::Replayed(Box::new(reply)),
        ))
    }

    /// The write that remembers `reply`, for the transaction of the change it answers. While more transactions
    /// follow, it is the reply as it would be if they never came.
    ///
    /// Returns what [`IdempotencyKey::wrote`] is to be told once the transaction is through.
    pub(crate) async fn remember(
        &self,
        context: &Context,
        reply: &Reply,
        follows: Follows,
        now: Timestamp,
    ) -> Result<(Write, String), Problem> {
        let json = serde_json::to_vec(reply).map_err(|error| Problem::Internal(error.to_string()))?;
        let sealed_reply = context.keyring().await?.seal(KeyPurpose::Idempotency, self.hash.as_bytes(), &json)?;
        let running_until = match follows {
            Follows::More => Some(now + REQUEST_DEADLINE),
            Follows::Nothing => None,
        };
        let expires_at = now + IDEMPOTENCY_LIFETIME;
        let record =
            idempotency::RememberedReply { body_hash: self.body_hash.clone(), sealed_reply, running_until, expires_at };
        let replaced = self.written.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let write = idempotency::remember(&self.hash, &record, replaced.as_deref(), now)?;
        Ok((write, record.sealed_reply))
    }

    /// The transaction is through: what it remembered may be replaced by this request's next one, and by no other's.
    pub(crate) fn wrote(&self, sealed_reply: String) {
        *self.written.lock().unwrap_or_else(PoisonError::into_inner) = Some(sealed_reply);
    }
}
