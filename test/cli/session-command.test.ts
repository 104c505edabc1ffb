import t, { type Test } from 'tap'
import type { AdminApp, CliSession, CliUser } from '../../src/cli/cli-apps.js'
import { AppError } from '../../src/errors/app-error.js'
import { NOW, createFakeAdmin, createFakeIo, run } from './fake-cli.js'

const SESSION: CliSession = {
  id: 's1',
  clientId: 'c1',
  method: 'password',
  userAgent: 'curl/8',
  address: '10.0.0.1',
  createdAt: NOW,
  lastSeenAt: NOW,
  expiresAt: NOW,
  connections: 2,
}

const findByUsername: AdminApp['accounts']['findByUsername'] = async (username) => {
  if (username !== 'ann') {
    throw new AppError('NOT_FOUND', 'user_not_found', 'There is no such user.')
  }
  return { id: 'u1', username } as CliUser
}

async function runSession(
  t: Test,
  argv: readonly string[],
  sessions: Partial<AdminApp['sessions']>,
) {
  const admin = createFakeAdmin({ sessions, accounts: { findByUsername } })
  const io = createFakeIo({ cwd: t.testdir({}) })
  const result = await run(['session', ...argv], { io, apps: admin.apps })
  return { ...result, admin }
}

await t.test('session list is a table or JSON', async (t) => {
  const asked: string[] = []
  const listForUser = async (userId: string): Promise<readonly CliSession[]> => {
    asked.push(userId)
    return [SESSION]
  }
  const table = await runSession(t, ['list', '--user', 'ann'], { listForUser })
  t.equal(table.code, 0)
  const instant = '2026-01-02 03:04:05Z'
  t.equal(
    table.output,
    [
      'ID  CLIENT  METHOD    ADDRESS   OPEN  CREATED               LAST SEEN             ' +
        'EXPIRES               USER AGENT',
      `s1  c1      password  10.0.0.1  2     ${instant}  ${instant}  ${instant}  curl/8`,
      '',
    ].join('\n'),
  )
  const json = await runSession(t, ['list', '--user', 'ann', '--json'], { listForUser })
  t.same(JSON.parse(json.output), [SESSION])
  t.same(asked, ['u1', 'u1'])
})

await t.test('session list wants a user who exists', async (t) => {
  const absent = await runSession(t, ['list', '--user', 'zoe'], {})
  t.match(absent, { code: 1, errors: 'error: There is no such user.\n' })
  t.equal(absent.admin.closed, 1)
  const nobody = await runSession(t, ['list'], {})
  t.match(nobody, {
    code: 2,
    errors: "error: required option '--user <username>' not specified\n",
  })
})

await t.test('session end ends one session or all of a user', async (t) => {
  const targets: unknown[] = []
  const endAsAdmin: AdminApp['sessions']['endAsAdmin'] = async (target) => {
    targets.push(target)
    return { ended: 1, connectionsClosed: 2, processes: { asked: 3, answered: 3 } }
  }
  const one = await runSession(t, ['end', 's1'], { endAsAdmin })
  t.match(one, {
    code: 0,
    output: '1 session ended, 2 connections closed, 3 of 3 processes answered\n',
  })
  const all = await runSession(t, ['end', '--user', 'ann', '--json'], { endAsAdmin })
  t.same(JSON.parse(all.output), {
    ended: 1,
    connectionsClosed: 2,
    processes: { asked: 3, answered: 3 },
  })
  await runSession(t, ['end', '--user', 'ann', '--client', 'c1'], { endAsAdmin })
  await runSession(t, ['end', '--key', 'k1'], { endAsAdmin })
  t.same(targets, [
    { sessionId: 's1' },
    { userId: 'u1' },
    { userId: 'u1', clientId: 'c1' },
    { keyId: 'k1' },
  ])
})

await t.test('session end tells when a process did not answer', async (t) => {
  const { output } = await runSession(t, ['end', '--user', 'ann'], {
    endAsAdmin: async () => ({
      ended: 0,
      connectionsClosed: 1,
      processes: { asked: 1, answered: 0 },
    }),
  })
  t.equal(output, '0 sessions ended, 1 connection closed, 0 of 1 process answered\n')
})

await t.test('session end wants either an id or a user, of what exists', async (t) => {
  const message = 'error: give one of: the id of a session, --user <username>, --key <id>\n'
  t.match(await runSession(t, ['end'], {}), { code: 2, errors: message })
  const both = await runSession(t, ['end', 's1', '--user', 'ann'], {})
  t.match(both, { code: 2, errors: message })
  t.equal(both.admin.opened, 0)
  const keyed = await runSession(t, ['end', '--user', 'ann', '--key', 'k1'], {})
  t.match(keyed, { code: 2, errors: message })
  const alone = await runSession(t, ['end', 's1', '--client', 'c1'], {})
  t.match(alone, { code: 2, errors: 'error: --client needs --user <username>\n' })
  const absent = await runSession(t, ['end', 's9'], {
    endAsAdmin: () =>
      Promise.reject(new AppError('NOT_FOUND', 'session_not_found', 'There is no such session.')),
  })
  t.match(absent, { code: 1, errors: 'error: There is no such session.\n' })
})
