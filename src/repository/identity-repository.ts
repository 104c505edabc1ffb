import type { Kysely, Selectable } from 'kysely'
import type { Identity, IdentityRepository, SignInWays } from '../domain/identity.js'
import type { IdentityTable, SqlSchema, SqlStore } from './sql-store.js'
import { kyselyOf } from './transaction-runner.js'
import { lockUser } from './user-lock.js'

export function createIdentityRepository(store: SqlStore): IdentityRepository {
  return {
    find: async (provider, providerId) => {
      // A sign-in decides by it, so it is read where nothing is stale.
      const row = await store.latest
        .selectFrom('identities')
        .selectAll()
        .where('provider', '=', provider)
        .where('provider_id', '=', providerId)
        .executeTakeFirst()
      return row ? toIdentity(row) : null
    },
    waysOf: (userId) => readWays(store.readerFor(userId), userId),
    lockWaysOf: async (tx, userId) => {
      const db = kyselyOf(store, tx, [userId])
      await lockUser(db, 'id', userId)
      return readWays(db, userId)
    },
    create: async (tx, { provider, providerId, userId, createdAt }) => {
      await kyselyOf(store, tx, [userId])
        .insertInto('identities')
        .values({ provider, provider_id: providerId, user_id: userId, created_at: createdAt })
        .execute()
    },
    remove: async (tx, userId, provider) => {
      const { numDeletedRows } = await kyselyOf(store, tx, [userId])
        .deleteFrom('identities')
        .where('user_id', '=', userId)
        .where('provider', '=', provider)
        .executeTakeFirst()
      return Number(numDeletedRows)
    },
  }
}

async function readWays(db: Kysely<SqlSchema>, userId: string): Promise<SignInWays | null> {
  const user = await db
    .selectFrom('users')
    .select('password_hash')
    .where('id', '=', userId)
    .executeTakeFirst()
  if (!user) return null
  const rows = await db
    .selectFrom('identities')
    .selectAll()
    .where('user_id', '=', userId)
    .orderBy('created_at')
    .orderBy('provider')
    .execute()
  return { identities: rows.map(toIdentity), hasPassword: user.password_hash !== null }
}

function toIdentity(row: Selectable<IdentityTable>): Identity {
  return {
    provider: row.provider,
    providerId: row.provider_id,
    userId: row.user_id,
    createdAt: row.created_at,
  }
}
