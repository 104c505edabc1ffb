import t from 'tap'
import { createFakeMigrations, createFakeIo, run } from './fake-cli.js'

await t.test('migrate up names what it applied', async (t) => {
  const io = createFakeIo({ cwd: t.testdir({}) })
  const tables = createFakeMigrations({ up: async () => ['001_users', '002_audit'] })
  const result = await run(['migrate', 'up', '--env', 'test'], { io, apps: tables.apps })
  t.same(result, { code: 0, output: 'applied 001_users\napplied 002_audit\n', errors: '' })
  t.equal(tables.closed, 1)
})

await t.test('migrate up says when nothing is pending', async (t) => {
  const io = createFakeIo({ cwd: t.testdir({}) })
  const tables = createFakeMigrations({ up: async () => [] })
  t.match(await run(['migrate', 'up'], { io, apps: tables.apps }), {
    code: 0,
    output: 'nothing to apply\n',
  })
})

await t.test('migrate down names what it took back', async (t) => {
  for (const [name, output] of [
    ['002_audit', 'took back 002_audit\n'],
    [null, 'nothing to take back\n'],
  ] as const) {
    const io = createFakeIo({ cwd: t.testdir({}) })
    const tables = createFakeMigrations({ down: async () => name })
    t.match(await run(['migrate', 'down'], { io, apps: tables.apps }), { code: 0, output })
    t.equal(tables.closed, 1)
  }
})

await t.test('migrate status is a table or JSON', async (t) => {
  const migrations = [
    { name: '001_users', appliedAt: Date.UTC(2026, 0, 2) },
    { name: '002_audit', appliedAt: null },
  ]
  const tables = createFakeMigrations({ status: async () => migrations })
  const table = await run(['migrate', 'status'], {
    io: createFakeIo({ cwd: t.testdir({}) }),
    apps: tables.apps,
  })
  t.same(table, {
    code: 0,
    output: [
      'MIGRATION  APPLIED',
      '001_users  2026-01-02 00:00:00Z',
      '002_audit  pending',
      '',
    ].join('\n'),
    errors: '',
  })
  const json = await run(['migrate', 'status', '--json'], {
    io: createFakeIo({ cwd: t.testdir({}) }),
    apps: tables.apps,
  })
  t.same(JSON.parse(json.output), migrations)
  t.equal(tables.closed, 2)
})
