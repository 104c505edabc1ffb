import t from 'tap'
import type { CliHealth } from '../../src/cli/cli-apps.js'
import { AppError } from '../../src/errors/app-error.js'
import { createFakeApps, createFakeIo, run } from './fake-cli.js'

async function runHealth(argv: readonly string[], answer: () => Promise<CliHealth>) {
  const asked: string[] = []
  const apps = createFakeApps({
    checkHealth: (_config, service) => {
      asked.push(service)
      return answer()
    },
  })
  const io = createFakeIo({ cwd: t.testdir({}) })
  return { ...(await run(['health', ...argv], { io, apps })), asked }
}

await t.test('health says whether a service is ready, and by which parts', async (t) => {
  const ready = await runHealth(['http'], async () => ({ ready: true, parts: { store: 'ok' } }))
  t.match(ready, { code: 0, output: 'http is ready\n  store: ok\n', asked: ['http'] })
  const failing = async () => ({ ready: false, parts: { redis: 'failing' } })
  const not = await runHealth(['socket'], failing)
  t.match(not, { code: 1, output: 'socket is not ready\n  redis: failing\n', asked: ['socket'] })
})

await t.test('health fails for a service that does not answer', async (t) => {
  const away = new AppError('UNAVAILABLE', 'not_running', 'Nothing that is ready answers.')
  const { code, errors } = await runHealth(['grpc'], () => Promise.reject(away))
  t.equal(code, 1)
  t.match(errors, /^error: Nothing that is ready answers\.\n/)
})

await t.test('health knows three services', async (t) => {
  const answer = async () => ({ ready: true, parts: {} })
  t.match(await runHealth(['graphql'], answer), {
    code: 2,
    errors: /http, socket, grpc/,
    asked: [],
  })
  t.match(await runHealth([], answer), { code: 2, errors: /service/, asked: [] })
})
