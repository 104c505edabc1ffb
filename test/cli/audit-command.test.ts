import t, { type Test } from 'tap'
import type { AdminApp, CliAuditEvent, CliUser } from '../../src/cli/cli-apps.js'
import { invalidArgument } from '../../src/errors/app-error.js'
import { NOW, createFakeAdmin, createFakeIo, run } from './fake-cli.js'

const EVENT: CliAuditEvent = {
  id: 7,
  type: 'session.ended',
  at: NOW,
  actorId: null,
  userId: 'u1',
  sessionId: 's1',
  address: '10.0.0.1',
  data: { reason: 'logged_out', count: 2 },
}

async function runAudit(t: Test, argv: readonly string[], list: AdminApp['audit']['list']) {
  const findByUsername = async () => ({ id: 'u1' }) as CliUser
  const admin = createFakeAdmin({ audit: { list }, accounts: { findByUsername } })
  const io = createFakeIo({ cwd: t.testdir({}) })
  return run(['audit', ...argv], { io, apps: admin.apps })
}

await t.test('audit list is a table or JSON', async (t) => {
  const list: AdminApp['audit']['list'] = async () => ({ events: [EVENT], next: null })
  const table = await runAudit(t, ['list'], list)
  t.equal(table.code, 0)
  t.equal(
    table.output,
    [
      'AT                    TYPE           USER  BY  SESSION  ADDRESS   DATA',
      '2026-01-02 03:04:05Z  session.ended  u1    -   s1       10.0.0.1  reason=logged_out count=2',
      '',
    ].join('\n'),
  )
  const json = await runAudit(t, ['list', '--json'], list)
  t.same(JSON.parse(json.output), [EVENT])
})

await t.test('audit list asks for what the filters say, page after page', async (t) => {
  const asked: unknown[] = []
  const list: AdminApp['audit']['list'] = async (query) => {
    asked.push(query)
    return { events: Array.from({ length: query.limit }, () => EVENT), next: 7 }
  }
  const argv = [
    'list',
    '--user',
    'ann',
    '--type',
    'login.failed',
    '--since',
    '2h',
    '--limit',
    '201',
  ]
  const { errors } = await runAudit(t, argv, list)
  const query = { userId: 'u1', type: 'login.failed', since: NOW - 7_200_000 }
  t.same(asked, [
    { ...query, limit: 200 },
    { ...query, limit: 1, before: 7 },
  ])
  t.equal(errors, 'there are more; raise --limit to see them\n')
  asked.length = 0
  await runAudit(t, ['list', '--user-id', 'gone', '--since', '2026-01-01T00:00:00Z'], list)
  t.same(asked, [{ userId: 'gone', since: Date.UTC(2026, 0, 1), limit: 100 }])
})

await t.test('audit list refuses what makes no sense', async (t) => {
  const list: AdminApp['audit']['list'] = async () => {
    throw invalidArgument('A type of audit event is one of these.')
  }
  t.match(await runAudit(t, ['list', '--since', 'yesterday'], list), {
    code: 2,
    errors: "error: --since takes an instant or a length of time such as 24h, not 'yesterday'\n",
  })
  t.match(await runAudit(t, ['list', '--user', 'ann', '--user-id', 'u1'], list), {
    code: 2,
    errors: 'error: give either --user <username> or --user-id <id>\n',
  })
  t.match(await runAudit(t, ['list', '--type', 'odd'], list), {
    code: 1,
    errors: 'error: A type of audit event is one of these.\n',
  })
})
