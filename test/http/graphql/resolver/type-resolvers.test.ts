import { DatabaseSync } from '@photostructure/sqlite'
import t from 'tap'
import { ask, openGraphqlHouse, signIn } from '../../../helpers/graphql-house.js'
import { PASSWORD } from '../../../helpers/http-client.js'

/** Counts the statements that this process runs on SQLite while `work` goes on. */
async function countStatements(work: () => Promise<unknown>): Promise<number> {
  const memory = new DatabaseSync(':memory:')
  const statement = Object.getPrototypeOf(memory.prepare('SELECT 1')) as Record<string, unknown>
  memory.close()
  let count = 0
  const originals = ['all', 'get', 'run', 'iterate'].map((name) => [name, statement[name]] as const)
  for (const [name, original] of originals) {
    statement[name] = function (this: unknown, ...parameters: unknown[]): unknown {
      count += 1
      return (original as (...given: unknown[]) => unknown).apply(this, parameters)
    }
  }
  try {
    await work()
    return count
  } finally {
    for (const [name, original] of originals) statement[name] = original
  }
}

await t.test('a list of accounts with their sessions takes as many statements for 3 as for 30', async (t) => {
  // No sweep of its own and no heartbeat while statements are counted.
  const quiet = {
    'session.sweepIntervalMs': 3_600_000,
    'broker.heartbeatMs': 1_700_000,
    'broker.leaseMs': 3_600_000,
  }
  const { url, core } = await openGraphqlHouse(t, quiet)
  await signIn(url, 'boss')
  await core.accounts.setRole('boss', 'admin')
  const { accessToken: token } = await signIn(url, 'boss', { isNew: false })
  const client = { clientId: 'c1', userAgent: '', address: '127.0.0.1' }
  for (let i = 0; i < 30; i += 1) {
    await core.accounts.register({ username: `many${i}`, password: PASSWORD }, '127.0.0.1')
    const input = { login: `many${i}`, password: PASSWORD, remember: false }
    for (let n = 0; n < 2; n += 1) await core.sessions.login(input, client)
  }
  const query = `query($n: Int) { users(first: $n) { edges { node { username sessions { id current } } } } }`
  const page = (n: number) => ask(url, query, { token, variables: { n } })
  await page(30)
  // The line between processes polls the file now and then; the smallest of some counts is without it.
  const least = async (n: number): Promise<number> => {
    const counts: number[] = []
    for (let i = 0; i < 5; i += 1) counts.push(await countStatements(() => page(n)))
    return Math.min(...counts)
  }
  const [few, many] = [await least(3), await least(30)]
  t.ok(few > 0, `${few} statements`)
  t.ok(many <= few + 2, `${many} statements for thirty, ${few} for three`)
  const answer = await page(30)
  const { edges } = answer.data?.['users'] as unknown as {
    edges: { node: { username: string; sessions: unknown[] } }[]
  }
  t.equal(edges.length, 30)
  t.ok(edges.slice(1).every(({ node }) => node.sessions.length === 2))
})
