import type { KyselyPlugin } from 'kysely'
import t from 'tap'
import { createGraphqlEngine } from '../../../../src/http/graphql/engine.js'
import { createLoaders } from '../../../../src/http/graphql/loader.js'
import type { OperationContext } from '../../../../src/http/graphql/operation-context.js'
import { createSqliteSessionStore } from '../../../../src/repository/sqlite-session-store.js'
import type { SqlStore } from '../../../../src/repository/sql-store.js'
import type { SqliteStore } from '../../../../src/repository/sqlite-store.js'
import { createTransactionRunner } from '../../../../src/repository/transaction-runner.js'
import { createUserRepository } from '../../../../src/repository/user-repository.js'
import { createAccountService } from '../../../../src/service/account-service.js'
import { createSessionService } from '../../../../src/service/session-service.js'
import { createTabService } from '../../../../src/service/tab-service.js'
import { createSessionHouse, LAPTOP } from '../../../helpers/session-house.js'
import { openTestStore } from '../../../repository/open-test-store.js'

const LIMITS = { depthMax: 9, aliasesMax: 9, costMax: 9999, tokensMax: 999, introspection: false }

/** The same store, counting every statement that is read with. */
function countReads(store: SqliteStore) {
  const counter = { statements: 0 }
  const plugin: KyselyPlugin = {
    transformQuery: ({ node }) => {
      counter.statements += 1
      return node
    },
    transformResult: async ({ result }) => result,
  }
  const reader = store.reader.withPlugin(plugin)
  const counted: SqlStore & Pick<SqliteStore, 'read' | 'write' | 'openMark'> = {
    db: store.db,
    reader,
    latest: reader,
    readerFor: () => reader,
    noteWrite: (userIds) => store.noteWrite(userIds),
    isConflict: (thrown) => store.isConflict(thrown),
    write: store.write.bind(store),
    openMark: () => store.openMark(),
    read: <T>(work: Parameters<typeof store.read<T>>[0]): T =>
      store.read((connection) =>
        work({
          ...connection,
          prepare: (sql) => {
            counter.statements += 1
            return connection.prepare(sql)
          },
        }),
      ),
  }
  return { counter, counted }
}

async function createHouse(t: Parameters<typeof openTestStore>[0]) {
  const store = await openTestStore(t)
  const { counter, counted } = countReads(store)
  const house = createSessionHouse()
  const users = createUserRepository(counted)
  const transactions = createTransactionRunner(counted, house.logger)
  const deps = { ...house.deps, users, transactions }
  const sessions = createSessionService({
    ...deps,
    sessionStore: createSqliteSessionStore({ store: counted }),
  })
  const accounts = createAccountService({ ...deps, isCommonPassword: () => false })
  const tabs = createTabService({ ...house, tabTokenSeconds: 60 })
  const engine = await createGraphqlEngine(
    {
      ...{ accounts, sessions, tabs, transactions, logger: house.logger },
      credentials: { changePassword: () => Promise.reject(new Error('not asked')) },
    },
    LIMITS,
  )
  t.teardown(() => engine.close())
  return { counter, accounts, sessions, engine }
}

await t.test(
  'a list of accounts with their sessions takes as many statements for 3 as for 30',
  async (t) => {
    const { counter, accounts, sessions, engine } = await createHouse(t)
    for (let i = 0; i < 30; i += 1) {
      const password = `password of ${i}`
      const user = await accounts.register({ username: `many${i}`, password }, `192.0.2.${i}`)
      const input = { login: user.username, password, remember: false }
      for (let n = 0; n < 2; n += 1) await sessions.login(input, LAPTOP)
    }
    const admin = {
      ...{ userId: 'admin', role: 'admin', sessionId: 's', clientId: 'c', tokenExpiresAt: 0 },
    } as const
    const page = async (n: number) => {
      const query =
        'query($n: Int) { users(first: $n) { edges { node { username sessions { id current connections } } } } }'
      const prepared = engine.prepare({ query, operationName: null, variables: { n } })
      if (!prepared.ok) throw new Error(prepared.refusals[0]?.error.message)
      counter.statements = 0
      const context = {
        ...{ requestId: 'r', outcomes: new Map(), provedUserIds: new Set() },
        caller: () => ({ principal: admin, failure: null }),
        loaders: createLoaders(sessions),
      } as unknown as OperationContext
      const { data, errors } = await engine.run(prepared.operation, context)
      t.equal(errors, undefined)
      const { edges } = data?.['users'] as { edges: { node: { sessions: unknown[] } }[] }
      t.equal(edges.length, n)
      t.ok(edges.every(({ node }) => node.sessions.length === 2))
      return counter.statements
    }
    // The first run is interpreted, later ones are compiled.
    for (let round = 0; round < 2; round += 1) {
      t.equal(await page(3), 2)
      t.equal(await page(30), 2)
    }
  },
)
