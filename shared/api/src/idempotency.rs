//! `Idempotency-Key`: the same request again gets the same reply and changes nothing further.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::http::{Method, request::Parts};
use data_encoding::HEXLOWER;
use rollcall_domain::{
    Code, Timestamp,
    limits::{IDEMPOTENCY_LIFETIME, MAX_IDEMPOTENCY_KEY_CHARS, REQUEST_DEADLINE},
};
use rollcall_store::{
    Bookkeeping,
    idempotency::{RememberedReply, remember},
};
use sha2::{Digest, Sha256};

use crate::{context::Context, keyring::KeyPurpose, problem::Problem, reply::Reply};

/// Whether a request commits more transactions after this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follows {
    /// More transactions of the same request follow.
    More,
    /// This is the last one: its reply is the request's reply.
    Nothing,
}

/// Carries a request's key from the extractor to the layer around the handlers, as a request extension.
#[derive(Clone, Debug, Default)]
pub(crate) struct IdempotencySlot(Arc<OnceLock<Arc<IdempotencyKey>>>);

impl IdempotencySlot {
    fn of(parts: &Parts) -> Self {
        parts.extensions.get().cloned().unwrap_or_default()
    }

    /// The reply to the same request, if a concurrent copy of it finished first and its effect made this one fail.
    pub(crate) async fn concurrent_reply(&self, context: &Context) -> Option<Reply> {
        self.0.get()?.stored_reply(context, context.now()).await.ok()?
    }
}

/// The `Idempotency-Key` of a request, hashed together with everything it is scoped to.
#[derive(Debug)]
pub struct IdempotencyKey {
    /// SHA-256 of caller, path and key.
    hash: String,
    /// SHA-256 of the body.
    body_hash: String,
    /// The sealed reply that this request has stored so far; its next transaction may replace it.
    written: Mutex<Option<String>>,
}

/// What an extractor learns about the `Idempotency-Key` of a request.
pub(crate) enum Lookup {
    /// The request is new, or carries no key.
    New(Option<Arc<IdempotencyKey>>),
    /// The request was answered before.
    Answered(Reply),
}

impl IdempotencyKey {
    /// Reads the key of a POST and looks for a stored reply. `caller` is the user's or the API key's id; `None` for public
    /// requests, whose flow is named by the path.
    pub(crate) async fn look_up(
        context: &Context,
        parts: &Parts,
        caller: Option<[u8; 16]>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Lookup, Problem> {
        let Some(key) = Self::read(parts, caller, body)?.map(Arc::new) else { return Ok(Lookup::New(None)) };
        if let Some(reply) = key.stored_reply(context, now).await? {
            return Ok(Lookup::Answered(reply));
        }
        drop(IdempotencySlot::of(parts).0.set(Arc::clone(&key)));
        Ok(Lookup::New(Some(key)))
    }

    fn read(parts: &Parts, caller: Option<[u8; 16]>, body: &[u8]) -> Result<Option<Self>, Code> {
        let mut values = parts.headers.get_all("idempotency-key").iter();
        let (Some(value), true) = (values.next(), parts.method == Method::POST) else { return Ok(None) };
        let key = value.as_bytes();
        let printable = key.iter().all(|byte| matches!(byte, b' '..=b'~'));
        if values.next().is_some() || !printable || !(1..=MAX_IDEMPOTENCY_KEY_CHARS).contains(&key.len()) {
            return Err(Code::InvalidIdempotencyKey);
        }
        let mut hash = Sha256::new();
        hash.update(caller.unwrap_or_default());
        // A path holds no line feed, so path and key cannot run together into another pair.
        hash.update(parts.uri.path());
        hash.update(b"\n");
        hash.update(key);
        let body_hash = HEXLOWER.encode(&Sha256::digest(body));
        Ok(Some(Self { hash: HEXLOWER.encode(&hash.finalize()), body_hash, written: Mutex::new(None) }))
    }

    /// Whether the same request has been answered by now.
    pub(crate) async fn is_answered(&self, context: &Context) -> bool {
        matches!(self.stored_reply(context, context.now()).await, Ok(Some(_)))
    }

    /// The stored reply to this request, if there is one.
    pub(crate) async fn stored_reply(&self, context: &Context, now: Timestamp) -> Result<Option<Reply>, Problem> {
        let Some(record) = context.store.remembered_reply(&self.hash, now).await? else { return Ok(None) };
        if record.body_hash != self.body_hash {
            return Err(Code::IdempotencyMismatch.into());
        }
        if record.running_until.is_some_and(|until| now < until) {
            return Err(Code::IdempotencyInProgress.into());
        }
        let keyring = context.keyring_of(&record.sealed_reply).await?;
        let opened = keyring.open(KeyPurpose::Idempotency, self.hash.as_bytes(), &record.sealed_reply);
        let reply: Option<Reply> = opened.and_then(|json| serde_json::from_slice(&json).ok());
        // The reply is unreadable once its key was removed. Repeating the request or guessing its reply would be wrong.
        let reply = reply.ok_or_else(|| Problem::Unavailable("a stored reply cannot be decrypted".to_owned()))?;
        Ok(Some(reply.replayed()))
    }

    /// The write that stores `reply` in the transaction of the change it answers, and the sealed reply, to be passed to
    /// [`IdempotencyKey::wrote`] after the commit. While more transactions follow, the stored reply is the one that is
    /// right if they never happen.
    pub(crate) async fn remember(
        &self,
        context: &Context,
        reply: &Reply,
        follows: Follows,
        now: Timestamp,
    ) -> Result<(Bookkeeping, String), Problem> {
        let json = serde_json::to_vec(reply).map_err(|error| Problem::Internal(error.to_string()))?;
        let sealed_reply = context.keyring().await?.seal(KeyPurpose::Idempotency, self.hash.as_bytes(), &json)?;
        let running_until = match follows {
            Follows::More => Some(now + REQUEST_DEADLINE),
            Follows::Nothing => None,
        };
        let expires_at = now + IDEMPOTENCY_LIFETIME;
        let record = RememberedReply { body_hash: self.body_hash.clone(), sealed_reply, running_until, expires_at };
        let replaced = self.written.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let write = remember(&self.hash, &record, replaced.as_deref(), now)?;
        Ok((write, record.sealed_reply))
    }

    /// Notes that the transaction is committed: only this request may replace what it stored.
    pub(crate) fn wrote(&self, sealed_reply: String) {
        *self.written.lock().unwrap_or_else(PoisonError::into_inner) = Some(sealed_reply);
    }
}
