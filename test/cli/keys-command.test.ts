import t, { type Test } from 'tap'
import type { AdminApp, CliKey } from '../../src/cli/cli-apps.js'
import { AppError } from '../../src/errors/app-error.js'
import { NOW, createFakeAdmin, createFakeIo, run } from './fake-cli.js'

const KEY: CliKey = {
  id: 'abc123',
  algorithm: 'ES256',
  status: 'next',
  createdAt: NOW,
  signsFrom: null,
}

async function runKeys(t: Test, argv: readonly string[], keys: Partial<AdminApp['keys']>) {
  const admin = createFakeAdmin({ keys })
  const io = createFakeIo({ cwd: t.testdir({}) })
  const result = await run(['keys', ...argv], { io, apps: admin.apps })
  return { ...result, admin }
}

await t.test('keys generate takes the algorithm of the configuration or the flag', async (t) => {
  const algorithms: string[] = []
  const keys: Partial<AdminApp['keys']> = {
    generate: async (algorithm) => {
      algorithms.push(algorithm)
      return { ...KEY, algorithm }
    },
  }
  const plain = await runKeys(t, ['generate'], keys)
  t.equal(plain.code, 0)
  t.equal(plain.output, 'generated key abc123 (RS512)\n')
  t.equal(plain.admin.closed, 1)
  const json = await runKeys(t, ['generate', '--algorithm', 'EdDSA', '--json'], keys)
  t.same(JSON.parse(json.output), { ...KEY, algorithm: 'EdDSA' })
  t.same(algorithms, ['RS512', 'EdDSA'])
})

await t.test('keys generate refuses an algorithm that is none', async (t) => {
  const { code, errors } = await runKeys(t, ['generate', '--algorithm', 'HS256'], {})
  t.equal(code, 2)
  t.match(errors, /argument 'HS256' is invalid\. Allowed choices are RS512, RS256, ES256, EdDSA/)
})

await t.test('keys rotate waits until running processes know the key', async (t) => {
  const asked: unknown[] = []
  const keys: Partial<AdminApp['keys']> = {
    rotate: async (options) => {
      asked.push(options)
      return { ...KEY, signsFrom: options.signsFrom }
    },
  }
  const plain = await runKeys(t, ['rotate'], keys)
  t.equal(plain.code, 0)
  t.equal(plain.output, 'key abc123 (ES256) signs from 2026-01-02 03:04:10Z on\n')
  await runKeys(t, ['rotate', '--key', 'k1', '--algorithm', 'RS256', '--delay-seconds', '0'], keys)
  t.same(asked, [
    { algorithm: 'RS512', signsFrom: NOW + 5000 },
    { keyId: 'k1', algorithm: 'RS256', signsFrom: NOW },
  ])
  const json = await runKeys(t, ['rotate', '--json'], keys)
  t.same(JSON.parse(json.output), { ...KEY, signsFrom: NOW + 5000 })
})

await t.test('keys rotate refuses a delay that is none', async (t) => {
  const { code, errors } = await runKeys(t, ['rotate', '--delay-seconds', '-1'], {})
  t.equal(code, 2)
  t.match(errors, /Expected an integer from 0 to 86400\.\n$/)
})

await t.test('keys rotate says now when the key signs already', async (t) => {
  const { output } = await runKeys(t, ['rotate'], { rotate: async () => KEY })
  t.equal(output, 'key abc123 (ES256) signs from now on\n')
})

await t.test('keys retire removes the key that is named', async (t) => {
  const retired = await runKeys(t, ['retire', 'abc123'], {
    retire: async (id) => ({ ...KEY, id }),
  })
  t.equal(retired.code, 0)
  t.equal(retired.output, 'retired key abc123 (ES256)\n')
  const inUse = await runKeys(t, ['retire', 'abc123'], {
    retire: () =>
      Promise.reject(new AppError('FAILED_PRECONDITION', 'key_in_use', 'Key abc123 signs.')),
  })
  t.match(inUse, { code: 1, output: '', errors: 'error: Key abc123 signs.\n' })
  t.equal(inUse.admin.closed, 1)
  const unnamed = await runKeys(t, ['retire'], {})
  t.match(unnamed, { code: 2, errors: "error: missing required argument 'id'\n" })
})

await t.test('keys list is a table or JSON', async (t) => {
  const list = async (): Promise<readonly CliKey[]> => [
    KEY,
    { ...KEY, id: 'def', status: 'current', algorithm: 'RS512', signsFrom: NOW },
  ]
  const table = await runKeys(t, ['list'], { list })
  t.equal(
    table.output,
    [
      'ID      ALGORITHM  STATUS   CREATED               SIGNS FROM',
      'abc123  ES256      next     2026-01-02 03:04:05Z  -',
      'def     RS512      current  2026-01-02 03:04:05Z  2026-01-02 03:04:05Z',
      '',
    ].join('\n'),
  )
  const json = await runKeys(t, ['list', '--json'], { list })
  t.same(JSON.parse(json.output), await list())
})

await t.test('keys burn tells what was refused and what ended', async (t) => {
  const asked: unknown[] = []
  const end = { ended: 2, connectionsClosed: 0, processes: { asked: 2, answered: 1 } }
  const burn: AdminApp['keys']['burn'] = async (...call) => {
    asked.push(call)
    return { key: KEY, end }
  }
  const plain = await runKeys(t, ['burn', 'abc123'], { burn })
  t.match(plain, {
    code: 0,
    output:
      'burned key abc123 (ES256)\n2 sessions ended, 0 connections closed, 1 of 2 processes answered\n',
  })
  const json = await runKeys(t, ['burn', 'abc123', '--algorithm', 'EdDSA', '--json'], { burn })
  t.same(JSON.parse(json.output), { key: KEY, end })
  t.same(asked, [
    ['abc123', 'RS512'],
    ['abc123', 'EdDSA'],
  ])
})
