import type { Identity, IdentityRepository } from '../../src/domain/identity.js'
import { AppError } from '../../src/errors/app-error.js'
import type { MemoryUserRepository } from './memory-user-repository.js'

/** The identities in memory, with the rules of the port. */
export function createMemoryIdentityRepository(
  users: MemoryUserRepository,
): IdentityRepository & { readonly rows: Identity[] } {
  const rows: Identity[] = []

  async function waysOf(userId: string) {
    const user = await users.findById(userId)
    if (!user) return null
    const credentials = await users.findCredentials(user.username)
    const identities = rows
      .filter((row) => row.userId === userId)
      .sort((a, b) => a.createdAt - b.createdAt || (a.provider < b.provider ? -1 : 1))
    return { identities, hasPassword: typeof credentials?.passwordHash === 'string' }
  }

  return {
    rows,
    async find(provider, providerId) {
      const isIt = (row: Identity) => row.provider === provider && row.providerId === providerId
      return rows.find(isIt) ?? null
    },
    waysOf,
    lockWaysOf: (_tx, userId) => waysOf(userId),
    async create(_tx, identity) {
      const { provider, providerId } = identity
      if (rows.some((row) => row.provider === provider && row.providerId === providerId)) {
        throw new AppError('ALREADY_EXISTS', 'identity_taken', 'Already linked.')
      }
      rows.push(identity)
    },
    async remove(_tx, userId, provider) {
      const kept = rows.filter((row) => row.userId !== userId || row.provider !== provider)
      return rows.splice(0, rows.length, ...kept).length - kept.length
    },
  }
}
