import t, { type Test } from 'tap'
import type { AdminApp, CliUser } from '../../src/cli/cli-apps.js'
import { AppError, invalidArgument } from '../../src/errors/app-error.js'
import { NOW, createFakeAdmin, createFakeIo, createFakeTerminal, run } from './fake-cli.js'

const ANN: CliUser = {
  id: 'u1',
  username: 'ann',
  displayName: 'Ann A.',
  email: null,
  role: 'admin',
  state: 'active',
  createdAt: NOW,
}

async function runUser(
  t: Test,
  argv: readonly string[],
  accounts: Partial<AdminApp['accounts']>,
  stdin?: Parameters<typeof createFakeIo>[0],
) {
  const admin = createFakeAdmin({ accounts })
  const io = createFakeIo({ cwd: t.testdir({}), ...stdin })
  const result = await run(['user', ...argv], { io, apps: admin.apps })
  return { ...result, admin }
}

await t.test('user create takes the password from standard input', async (t) => {
  const created: unknown[] = []
  const accounts: Partial<AdminApp['accounts']> = {
    createAsOperator: async (account) => {
      created.push(account)
      return { ...ANN, role: account.role }
    },
  }
  const argv = ['create', '--username', 'ann', '--role', 'admin', '--password-stdin']
  const result = await runUser(t, argv, accounts, { stdin: 'correct horse\n' })
  t.equal(result.errors, '')
  t.equal(result.code, 0)
  t.equal(result.output, 'created user ann with role admin (id u1)\n')
  t.equal(result.admin.opened, 1)
  t.equal(result.admin.closed, 1)
  const full = ['create', '--username', 'bob', '--email', 'b@x.example', '--display-name', 'Bob']
  const json = await runUser(t, [...full, '--password-stdin', '--json'], accounts, {
    stdin: 'correct horse',
  })
  t.same(JSON.parse(json.output), { ...ANN, role: 'user' })
  t.same(created, [
    { username: 'ann', password: 'correct horse', role: 'admin' },
    {
      username: 'bob',
      password: 'correct horse',
      role: 'user',
      email: 'b@x.example',
      displayName: 'Bob',
    },
  ])
})

await t.test('user create asks on a terminal', async (t) => {
  const stdin = createFakeTerminal()
  stdin.write('correct horse\rcorrect horse\r')
  const passwords: string[] = []
  const { code, output, errors } = await runUser(
    t,
    ['create', '--username', 'ann'],
    {
      createAsOperator: async (account) => {
        passwords.push(account.password)
        return ANN
      },
    },
    { stdin },
  )
  t.equal(code, 0)
  t.same(passwords, ['correct horse'])
  t.notMatch(output + errors, /horse/)
})

await t.test('user create refuses before it opens anything', async (t) => {
  const noTerminal = await runUser(t, ['create', '--username', 'ann'], {}, { stdin: 'x' })
  t.match(noTerminal, {
    code: 1,
    errors: 'error: No terminal to ask for the password: pipe it in and add --password-stdin.\n',
  })
  const empty = await runUser(t, ['create', '--username', 'ann', '--password-stdin'], {})
  t.match(empty, { code: 1, errors: 'error: No password came on standard input.\n' })
  t.equal(noTerminal.admin.opened, 0)
  t.equal(empty.admin.opened, 0)
  const nameless = await runUser(t, ['create'], {})
  t.match(nameless, {
    code: 2,
    errors: "error: required option '--username <name>' not specified\n",
  })
})

await t.test('user create tells everything that is wrong with the account', async (t) => {
  const { code, errors, admin } = await runUser(
    t,
    ['create', '--username', 'a', '--role', 'boss', '--password-stdin'],
    {
      createAsOperator: () =>
        Promise.reject(
          invalidArgument('The account is not acceptable.', [
            { path: 'username', message: 'too short' },
            { path: 'role', message: 'unknown' },
          ]),
        ),
    },
    { stdin: 'correct horse\n' },
  )
  t.equal(code, 1)
  t.equal(errors, 'error: The account is not acceptable.\n  username: too short\n  role: unknown\n')
  t.equal(admin.closed, 1)
})

await t.test('user list is a table or JSON', async (t) => {
  const list: AdminApp['accounts']['list'] = async () => ({
    users: [ANN, { ...ANN, id: 'u2', username: 'bob', email: 'b@x.example' }],
    next: null,
  })
  const table = await runUser(t, ['list'], { list })
  t.equal(table.code, 0)
  t.equal(
    table.output,
    [
      'USERNAME  NAME    E-MAIL       ROLE   STATE   CREATED               ID',
      'ann       Ann A.  -            admin  active  2026-01-02 03:04:05Z  u1',
      'bob       Ann A.  b@x.example  admin  active  2026-01-02 03:04:05Z  u2',
      '',
    ].join('\n'),
  )
  t.equal(table.errors, '')
  const json = await runUser(t, ['list', '--json'], { list })
  t.same(JSON.parse(json.output), (await list({ limit: 2 })).users)
})

await t.test('user list turns the pages up to its limit', async (t) => {
  const asked: unknown[] = []
  const list: AdminApp['accounts']['list'] = async (options) => {
    asked.push(options)
    const from = Number(options.after ?? 0)
    const users = Array.from({ length: options.limit }, (_, index) => ({
      ...ANN,
      id: String(from + index),
    }))
    return { users, next: String(from + options.limit) }
  }
  const { output, errors } = await runUser(t, ['list', '--limit', '450', '--json'], { list })
  t.equal((JSON.parse(output) as unknown[]).length, 450)
  t.same(asked, [{ limit: 200 }, { limit: 200, after: '200' }, { limit: 50, after: '400' }])
  t.equal(errors, 'there are more; raise --limit to see them\n')
  const wrong = await runUser(t, ['list', '--limit', '0'], { list })
  t.equal(wrong.code, 2)
})

await t.test('user set-role changes the role', async (t) => {
  const setRole: AdminApp['accounts']['setRole'] = async (username, role) => ({
    ...ANN,
    username,
    role,
  })
  const done = await runUser(t, ['set-role', 'ann', 'user'], { setRole })
  t.match(done, { code: 0, output: 'user ann now has role user\n' })
  const json = await runUser(t, ['set-role', 'ann', 'user', '--json'], { setRole })
  t.same(JSON.parse(json.output), { ...ANN, role: 'user' })
  const absent = await runUser(t, ['set-role', 'zoe', 'admin'], {
    setRole: () =>
      Promise.reject(new AppError('NOT_FOUND', 'user_not_found', 'There is no such user.')),
  })
  t.match(absent, { code: 1, errors: 'error: There is no such user.\n' })
  const short = await runUser(t, ['set-role', 'ann'], {})
  t.match(short, { code: 2, errors: "error: missing required argument 'role'\n" })
})

const END = { ended: 2, connectionsClosed: 1, processes: { asked: 3, answered: 3 } }
const ENDED_LINE = '2 sessions ended, 1 connection closed, 3 of 3 processes answered\n'
const findByUsername: AdminApp['accounts']['findByUsername'] = async (username) => {
  if (username !== 'ann') {
    throw new AppError('NOT_FOUND', 'user_not_found', 'There is no such user.')
  }
  return ANN
}

async function runParts(
  t: Test,
  argv: readonly string[],
  parts: Parameters<typeof createFakeAdmin>[0],
) {
  const admin = createFakeAdmin({ accounts: { findByUsername }, ...parts })
  const io = createFakeIo({ cwd: t.testdir({}) })
  return run(['user', ...argv], { io, apps: admin.apps })
}

await t.test('user freeze and unfreeze change the state and tell what ended', async (t) => {
  const asked: unknown[] = []
  const update: AdminApp['userAdmin']['update'] = async (...call) => {
    asked.push(call)
    return { user: { ...ANN, state: call[1].state }, end: END }
  }
  const frozen = await runParts(t, ['freeze', 'ann'], { userAdmin: { update } })
  t.match(frozen, { code: 0, output: `user ann is now frozen\n${ENDED_LINE}` })
  const active = await runParts(t, ['unfreeze', 'ann', '--json'], { userAdmin: { update } })
  t.same(JSON.parse(active.output), { user: { ...ANN, state: 'active' }, end: END })
  const nobody = { actorId: null, address: null }
  t.same(asked, [
    ['u1', { state: 'frozen' }, nobody],
    ['u1', { state: 'active' }, nobody],
  ])
  const absent = await runParts(t, ['freeze', 'zoe'], {})
  t.match(absent, { code: 1, errors: 'error: There is no such user.\n' })
})

await t.test('user delete names who is gone', async (t) => {
  const done = await runParts(t, ['delete', 'ann'], { userAdmin: { delete: async () => END } })
  t.match(done, { code: 0, output: `deleted user ann (id u1)\n${ENDED_LINE}` })
})

await t.test(
  'user reset-password prints the link, or the token where there is no page',
  async (t) => {
    const made = { token: 'secret', link: 'https://app.example/reset#token=secret', expiresAt: NOW }
    const linked = await runParts(t, ['reset-password', 'ann'], {
      credentials: { createResetLink: async () => made },
    })
    const until = 'good once, until 2026-01-02 03:04:05Z\n'
    t.match(linked, { code: 0, output: `${made.link}\n${until}` })
    const bare = await runParts(t, ['reset-password', 'ann'], {
      credentials: { createResetLink: async () => ({ ...made, link: null }) },
    })
    t.equal(bare.output, `token for POST /auth/reset_password: secret\n${until}`)
    const json = await runParts(t, ['reset-password', 'ann', '--json'], {
      credentials: { createResetLink: async () => made },
    })
    t.same(JSON.parse(json.output), made)
  },
)
