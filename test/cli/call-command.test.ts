import { PassThrough } from 'node:stream'
import t from 'tap'
import type { CallApp } from '../../src/cli/cli-apps.js'
import { AppError } from '../../src/errors/app-error.js'
import { createFakeApps, createFakeIo, run } from './fake-cli.js'

const VERDICT = { active: true, userId: 'u', role: 'user', sessionId: 's', clientId: 'c' } as const

async function runCall(argv: readonly string[], given: Partial<CallApp>, input = '') {
  const stdin = new PassThrough()
  stdin.end(input)
  const opened: string[] = []
  let closed = 0
  const unexpected = async (): Promise<never> => {
    throw new Error('unexpected call')
  }
  const apps = createFakeApps({
    openCalls: async (config) => {
      opened.push(config.http.grpcAddress)
      return {
        hello: unexpected,
        verify: unexpected,
        close: async () => void (closed += 1),
        ...given,
      }
    },
  })
  const io = createFakeIo({ cwd: t.testdir({}), stdin })
  return { ...(await run(['call', ...argv], { io, apps })), opened, closed }
}

await t.test('call hello prints the greeting', async (t) => {
  const hello = async (id: number) => ({ id, name: `hello ${id}` })
  const argv = ['hello', '--id', '7', '--address', 'grpc.internal:9090']
  const { code, output, opened, closed } = await runCall(argv, { hello })
  t.equal(code, 0)
  t.strictSame(JSON.parse(output), { id: 7, name: 'hello 7' })
  t.strictSame([opened, closed], [['grpc.internal:9090'], 1])
  t.match(await runCall(['hello'], { hello }), { code: 2, errors: /--id/ })
  t.match(await runCall(['hello', '--id', '2147483648'], { hello }), { code: 2 })
})

await t.test('call verify says who it is, and fails when nobody', async (t) => {
  const asked: string[] = []
  const good: Partial<CallApp> = {
    verify: async (token) => {
      asked.push(token)
      return { ...VERDICT, expiresAt: Date.UTC(2026, 0, 1) }
    },
  }
  const shown = await runCall(['verify', 'a.b.c'], good)
  t.equal(shown.code, 0)
  t.strictSame(JSON.parse(shown.output), { ...VERDICT, expiresAt: '2026-01-01T00:00:00.000Z' })
  t.equal((await runCall(['verify', '-'], good, ' d.e.f\n')).code, 0)
  t.strictSame(asked, ['a.b.c', 'd.e.f'])
  const bad = { active: false, reason: 'logged_out', message: 'Over.' } as const
  const refused = await runCall(['verify', 'x'], { verify: async () => bad })
  t.equal(refused.code, 1)
  t.strictSame(JSON.parse(refused.output), bad)
})

await t.test('call closes its line when the call fails', async (t) => {
  const away = new AppError('UNAVAILABLE', 'grpc_unavailable', 'The service is away.')
  const failed = await runCall(['hello', '--id', '1'], { hello: () => Promise.reject(away) })
  t.match(failed, { code: 1, errors: 'error: The service is away.\n', closed: 1 })
})
