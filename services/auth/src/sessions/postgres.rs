//! Sessions and their refresh tokens. The row of a session is the lock of its family.

mod ending;
mod listing;

use db::{Connection, Pool};

use crate::{
    accounts::model::{SessionId, User, UserId},
    infrastructure::postgres::users::{query_users, read_user},
    sessions::model::{
        DeviceName, EndReason, Network, NewSession, REFRESH_SECONDS, TokenState, Verdict,
    },
    tokens::model::Hash,
};

pub use self::{
    ending::{end, end_all, erase},
    listing::{count_live, list_live},
};

/// The outcome for a presented refresh token.
pub enum Rotation {
    /// The successor is valid now.
    Given {
        session: SessionId,
        user: User,
    },
    Refused,
    FamilyEnded {
        session: SessionId,
    },
}

/// Starts a session, ends the oldest ones beyond the most that a user may have, and deletes the counted attempts that led
/// to it. False: the password, the roles or the status have changed since the password was verified.
pub async fn start(
    pool: &Pool,
    session: &NewSession,
    attempted: &Hash,
) -> Result<bool, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    // Concurrent logins of a user wait here, and so do changes of the user, which then end this session as well.
    let unchanged = sqlx::query_scalar!(
        "SELECT id FROM users WHERE id = $1 AND token_epoch = $2 FOR NO KEY UPDATE",
        session.user.0,
        session.epoch,
    )
    .fetch_optional(&mut *transaction)
    .await?;
    if unchanged.is_none() {
        return Ok(false);
    }
    insert(&mut transaction, session).await?;
    ending::end_oldest(&mut transaction, session.user).await?;
    sqlx::query!(
        "DELETE FROM attempts WHERE identifier_hash = $1",
        attempted.as_slice()
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(true)
}

pub(crate) async fn insert(
    connection: &mut Connection,
    session: &NewSession,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "
        INSERT INTO sessions (id, user_id, expires_at, last_used_at, device_name, address)
        VALUES ($1, $2, now() + make_interval(secs => $3), now(), $4, $5::text::cidr)
        ",
        session.id.0,
        session.user.0,
        REFRESH_SECONDS,
        session.client.device_name.as_ref().map(DeviceName::as_str),
        session.client.network.to_string(),
    )
    .execute(&mut *connection)
    .await?;
    insert_token(connection, session.id, &session.token_hash).await
}

async fn insert_token(
    connection: &mut Connection,
    session: SessionId,
    token: &Hash,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "
        INSERT INTO refresh_tokens (token_hash, session_id, expires_at)
        VALUES ($1, $2, now() + make_interval(secs => $3))
        ",
        token.as_slice(),
        session.0,
        REFRESH_SECONDS,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The session of a refresh token and its user, if the session is live and the token has not expired.
pub async fn live_owner(
    pool: &Pool,
    token: &Hash,
) -> Result<Option<(SessionId, UserId)>, sqlx::Error> {
    let row = sqlx::query!(
        "
        SELECT session_id, user_id FROM refresh_tokens JOIN sessions ON sessions.id = session_id
        WHERE token_hash = $1 AND ended_at IS NULL AND refresh_tokens.expires_at > now()
        ",
        token.as_slice(),
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| (SessionId(row.session_id), UserId(row.user_id))))
}

/// Decides and applies the verdict on the presented token. The lock is a statement of its own, so that the next statement
/// sees what the previous holder of the lock committed.
pub async fn rotate(
    pool: &Pool,
    presented: &Hash,
    successor: &Hash,
    network: Network,
) -> Result<Rotation, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let locked = sqlx::query_scalar!(
        "
        SELECT sessions.id FROM sessions JOIN refresh_tokens ON session_id = sessions.id
        WHERE token_hash = $1 FOR NO KEY UPDATE OF sessions
        ",
        presented.as_slice(),
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(session) = locked.map(SessionId) else {
        return Ok(Rotation::Refused);
    };

    let (state, user) = state(&mut transaction, session, presented, successor).await?;
    let rotation = match state.verdict() {
        Verdict::Refuse => return Ok(Rotation::Refused),
        Verdict::Repeat => return Ok(Rotation::Given { session, user }),
        Verdict::Rotate => {
            replace_token(&mut transaction, session, presented, successor, network).await?;
            Rotation::Given { session, user }
        }
        Verdict::EndFamily => {
            sqlx::query!(
                "UPDATE sessions SET ended_at = now(), end_reason = $2 WHERE id = $1",
                session.0,
                EndReason::Reuse.into_str(),
            )
            .execute(&mut *transaction)
            .await?;
            Rotation::FamilyEnded { session }
        }
    };
    transaction.commit().await?;
    Ok(rotation)
}

async fn state(
    connection: &mut Connection,
    session: SessionId,
    presented: &Hash,
    successor: &Hash,
) -> Result<(TokenState, User), sqlx::Error> {
    let row = query_users!(
        [r#"
        SELECT
            sessions.ended_at IS NULL AND token.expires_at > now() AS "going_on!",
            extract(epoch FROM now() - token.rotated_at)::float8 AS rotated_seconds_ago,
            next.rotated_at IS NOT NULL AS "successor_rotated!",
            next.token_hash IS NOT NULL AS "successor_known!",
        "#],
        ["
        FROM sessions
        JOIN users ON users.id = sessions.user_id
        JOIN refresh_tokens AS token ON token.session_id = sessions.id AND token.token_hash = $2
        LEFT JOIN refresh_tokens AS next ON next.session_id = sessions.id AND next.token_hash = $3
        WHERE sessions.id = $1
        "],
        session.0,
        presented.as_slice(),
        successor.as_slice(),
    )
    .fetch_one(connection)
    .await?;
    let mut state = TokenState {
        live: row.going_on,
        rotated_seconds_ago: row.rotated_seconds_ago,
        successor_rotated: row.successor_known.then_some(row.successor_rotated),
    };
    let user = read_user!(row)?;
    state.live &= user.status.may_log_in();
    Ok((state, user))
}

async fn replace_token(
    connection: &mut Connection,
    session: SessionId,
    presented: &Hash,
    successor: &Hash,
    network: Network,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE refresh_tokens SET rotated_at = now() WHERE token_hash = $1",
        presented.as_slice()
    )
    .execute(&mut *connection)
    .await?;
    insert_token(connection, session, successor).await?;
    sqlx::query!(
        "
        UPDATE sessions
        SET expires_at = now() + make_interval(secs => $2), last_used_at = now(), address = $3::text::cidr
        WHERE id = $1
        ",
        session.0,
        REFRESH_SECONDS,
        network.to_string(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Replaces all refresh tokens of a session by this one, and returns whether the session is live. A copy of an older token
/// is refused afterwards, and its use does not end the session.
pub async fn renew(
    connection: &mut Connection,
    session: SessionId,
    token: &Hash,
) -> Result<bool, sqlx::Error> {
    let renewed = sqlx::query!(
        "
        UPDATE sessions SET expires_at = now() + make_interval(secs => $2)
        WHERE id = $1 AND ended_at IS NULL AND expires_at > now()
        ",
        session.0,
        REFRESH_SECONDS,
    )
    .execute(&mut *connection)
    .await?;
    if renewed.rows_affected() == 0 {
        return Ok(false);
    }
    // Not deleted, since a concurrent refresh may have found one, and not as of now, since that refresh may have begun earlier.
    sqlx::query!(
        "UPDATE refresh_tokens SET expires_at = issued_at WHERE session_id = $1",
        session.0
    )
    .execute(&mut *connection)
    .await?;
    insert_token(connection, session, token).await?;
    Ok(true)
}

/// The user of this session, if the session is live and the user may log in.
pub async fn live_user(
    pool: &Pool,
    session: SessionId,
    user: UserId,
) -> Result<Option<User>, sqlx::Error> {
    let row = query_users!(
        ["SELECT "],
        ["
        FROM sessions JOIN users ON users.id = user_id
        WHERE sessions.id = $1 AND user_id = $2 AND ended_at IS NULL
        "],
        session.0,
        user.0,
    )
    .fetch_optional(pool)
    .await?;
    let user = row.map(|row| read_user!(row)).transpose()?;
    Ok(user.filter(|user| user.status.may_log_in()))
}

/// Deletes up to `batch` refresh tokens that have expired.
pub async fn sweep_tokens(pool: &Pool, batch: i64) -> Result<u64, sqlx::Error> {
    let swept = sqlx::query!(
        "
        DELETE FROM refresh_tokens WHERE token_hash IN (
            SELECT token_hash FROM refresh_tokens WHERE expires_at < now()
            ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)
        ",
        batch,
    )
    .execute(pool)
    .await?;
    Ok(swept.rows_affected())
}

/// Deletes up to `batch` sessions whose last refresh token has expired.
pub async fn sweep(pool: &Pool, batch: i64) -> Result<u64, sqlx::Error> {
    let swept = sqlx::query!(
        "
        DELETE FROM sessions WHERE id IN (
            SELECT id FROM sessions WHERE expires_at < now() ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)
        ",
        batch,
    )
    .execute(pool)
    .await?;
    Ok(swept.rows_affected())
}
