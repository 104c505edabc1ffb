/** Mercurius with compiled queries over our schema, with the resolvers of `user` over a user from memory. */
import { readFileSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import { mercurius } from 'mercurius'
import type { User } from '../../src/domain/user.js'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'

/** Who every baseline answers with. */
export const BENCH_USER: User = {
  id: '01890a5d-ac96-774b-bcce-b302099a8057',
  username: 'ada',
  displayName: 'ada',
  email: null,
  avatarUrl: null,
  gender: 'unknown',
  role: 'user',
  state: 'active',
  createdAt: Date.UTC(2026, 0, 1),
}

export async function registerBareGraphql(server: FastifyInstance): Promise<void> {
  await server.register(mercurius, {
    schema: readFileSync(`${PACKAGE_ROOT}assets/graphql/schema.graphql`, 'utf8'),
    resolvers: {
      Query: { user: async () => BENCH_USER },
      User: {
        gender: ({ gender }: User) => gender.toUpperCase(),
        role: ({ role }: User) => role.toUpperCase(),
        state: ({ state }: User) => state.toUpperCase(),
        createdAt: ({ createdAt }: User) => new Date(createdAt).toISOString(),
      },
    },
    jit: 1,
  })
}
