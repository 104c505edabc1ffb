import type { Test } from 'tap'
import type { TransactionRunner } from '../../src/domain/transaction.js'
import {
  type NewUser,
  USER_PAGE_MAX,
  type UserRepository,
  type UserSliceQuery,
} from '../../src/domain/user.js'

const T0 = Date.UTC(2026, 0, 1)

/** A user with nothing optional; the id and the username come from `name`. */
export function sampleUser(name: string, overrides: Partial<NewUser> = {}): NewUser {
  return {
    id: `id-${name}`,
    username: name,
    displayName: `The ${name}`,
    email: null,
    avatarUrl: null,
    gender: 'unknown',
    role: 'user',
    state: 'active',
    passwordHash: null,
    createdAt: T0,
    ...overrides,
  }
}

export interface UserRepositorySetup {
  readonly users: UserRepository
  readonly transactions: TransactionRunner
}

type Open = (t: Test) => Promise<UserRepositorySetup>

/** What every implementation of the port promises. `open` gives an empty repository. */
export async function checkUserRepository(t: Test, open: Open): Promise<void> {
  await t.test('create stores every field and gives no hash away', async (t) => {
    const { users, transactions } = await open(t)
    const { passwordHash, ...user } = sampleUser('ann', {
      email: 'ann@example.com',
      avatarUrl: 'https://example.com/a.png',
      gender: 'female',
      role: 'admin',
      state: 'frozen',
      displayName: 'Änn 🙂',
      passwordHash: '$argon2id$x',
    })
    const created = await transactions.run((tx) => users.create(tx, { ...user, passwordHash }))
    t.strictSame(created, user)
    t.strictSame(await users.findById(user.id), user)
    t.strictSame(await users.findLatest(user.id), user)
    t.strictSame(await users.findByUsername('ann'), user)
    t.strictSame(await users.findCredentials('ann'), { user, passwordHash })
    t.strictSame(await users.findCredentials('ann@example.com'), { user, passwordHash })
  })

  await t.test('find gives null for nobody', async (t) => {
    const { users, transactions } = await open(t)
    await transactions.run((tx) => users.create(tx, sampleUser('ann')))
    t.equal(await users.findById('ann'), null)
    t.equal(await users.findLatest('ann'), null)
    t.equal(await users.findByUsername('id-ann'), null)
    t.equal(await users.findCredentials('bob'), null)
    t.equal(await users.findCredentials('bob@example.com'), null)
    t.strictSame((await users.findCredentials('ann'))?.passwordHash, null)
  })

  await t.test('create refuses a taken username and a taken e-mail by name', async (t) => {
    const { users, transactions } = await open(t)
    const email = 'ann@example.com'
    await transactions.run((tx) => users.create(tx, sampleUser('ann', { email })))
    const again = (user: NewUser) => transactions.run((tx) => users.create(tx, user))
    await t.rejects(again(sampleUser('ann', { id: 'other' })), {
      code: 'ALREADY_EXISTS',
      reason: 'username_taken',
      message: 'This username is already taken.',
    })
    await t.rejects(again(sampleUser('bob', { email })), {
      code: 'ALREADY_EXISTS',
      reason: 'email_taken',
      message: 'This e-mail address is already in use.',
    })
    t.equal(await users.findByUsername('bob'), null)
    await again(sampleUser('bob'))
    await again(sampleUser('cid'))
    t.pass('any number of users have no e-mail')
  })

  await t.test('create of one name by many at once succeeds once', async (t) => {
    const { users, transactions } = await open(t)
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, index) =>
        transactions.run((tx) => users.create(tx, sampleUser('ann', { id: `id-${index}` }))),
      ),
    )
    t.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
    const reasons = outcomes.flatMap((o) => (o.status === 'rejected' ? [o.reason as Error] : []))
    t.match(reasons, Array(49).fill({ reason: 'username_taken' }))
  })

  await t.test('update changes what is named and nothing else', async (t) => {
    const { users, transactions } = await open(t)
    await transactions.run((tx) => users.create(tx, sampleUser('ann')))
    const change = (id: string, changes: Parameters<UserRepository['update']>[2]) =>
      transactions.run((tx) => users.update(tx, id, changes))
    t.match(await change('id-ann', { displayName: 'Ann', gender: 'female' }), {
      displayName: 'Ann',
      gender: 'female',
      role: 'user',
      state: 'active',
    })
    const changed = await change('id-ann', { role: 'admin', state: 'frozen' })
    t.match(changed, { displayName: 'Ann', role: 'admin', state: 'frozen' })
    t.strictSame(await users.findById('id-ann'), changed)
    t.strictSame(await change('id-ann', {}), changed)
    t.equal(await change('nobody', { role: 'admin' }), null)
    t.equal(await change('nobody', {}), null)
  })

  await t.test('update changes what one signs in with', async (t) => {
    const { users, transactions } = await open(t)
    await transactions.run(async (tx) => {
      await users.create(tx, sampleUser('ann', { email: 'ann@example.com' }))
      await users.create(tx, sampleUser('bob', { email: 'bob@example.com' }))
    })
    const change = (changes: Parameters<typeof users.update>[2]) =>
      transactions.run((tx) => users.update(tx, 'id-ann', changes))
    t.match(await change({ email: 'new@example.com', passwordHash: '$new' }), {
      email: 'new@example.com',
    })
    t.match(await users.findCredentials('new@example.com'), { passwordHash: '$new' })
    t.equal(await users.findCredentials('ann@example.com'), null)
    await t.rejects(change({ email: 'bob@example.com' }), {
      code: 'ALREADY_EXISTS',
      reason: 'email_taken',
    })
    t.match(await change({ email: null }), { email: null })
    t.match(await users.findCredentials('ann'), { passwordHash: '$new' })
  })

  await t.test('delete takes a user away, once, and frees the name', async (t) => {
    const { users, transactions } = await open(t)
    await transactions.run((tx) => users.create(tx, sampleUser('ann')))
    const remove = () => transactions.run((tx) => users.delete(tx, 'id-ann'))
    t.equal(await remove(), true)
    t.equal(await users.findById('id-ann'), null)
    t.equal(await remove(), false)
    t.match(await transactions.run((tx) => users.create(tx, sampleUser('ann'))), {
      username: 'ann',
    })
  })

  await t.test('an address is proved only where it is said', async (t) => {
    const { users, transactions } = await open(t)
    const email = 'ann@example.com'
    t.equal(await users.findByEmail(email), null)
    const ann = await transactions.run((tx) => users.create(tx, sampleUser('ann', { email })))
    t.strictSame(await users.findByEmail(email), { user: ann, isEmailVerified: false })
    const change = (changes: Parameters<UserRepository['update']>[2]) =>
      transactions.run((tx) => users.update(tx, 'id-ann', changes))
    await change({ email, isEmailVerified: true, avatarUrl: 'https://example.com/a.png' })
    t.match(await users.findByEmail(email), {
      user: { avatarUrl: 'https://example.com/a.png' },
      isEmailVerified: true,
    })
    await change({ displayName: 'Ann', avatarUrl: null })
    t.match(await users.findByEmail(email), { user: { avatarUrl: null }, isEmailVerified: true })
    await change({ email: 'other@example.com' })
    t.match(await users.findByEmail('other@example.com'), { isEmailVerified: false })
    const bob = sampleUser('bob', { email, isEmailVerified: true })
    await transactions.run((tx) => users.create(tx, bob))
    t.match(await users.findByEmail(email), { user: { id: 'id-bob' }, isEmailVerified: true })
    await t.rejects(change({ email }), { code: 'ALREADY_EXISTS', reason: 'email_taken' })
  })

  await t.test('an address without proof can be taken away, a proved one cannot', async (t) => {
    const { users, transactions } = await open(t)
    const release = (email: string) =>
      transactions.run((tx) => users.releaseUnverifiedEmail(tx, email))
    await transactions.run(async (tx) => {
      await users.create(tx, sampleUser('ann', { email: 'ann@example.com' }))
      const proved = { email: 'bob@example.com', isEmailVerified: true }
      await users.create(tx, sampleUser('bob', proved))
    })
    t.equal(await release('nobody@example.com'), null)
    t.equal(await release('bob@example.com'), null)
    t.equal(await release('ann@example.com'), 'id-ann')
    t.match(await users.findById('id-ann'), { email: null, username: 'ann' })
    t.match(await users.findById('id-bob'), { email: 'bob@example.com' })
    t.equal(await release('ann@example.com'), null)
  })

  await t.test('an address goes from one to another in one transaction, once', async (t) => {
    const { users, transactions } = await open(t)
    const email = 'ann@example.com'
    await transactions.run((tx) => users.create(tx, sampleUser('ann', { email })))
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) =>
        transactions.run(async (tx) => {
          const from = await users.releaseUnverifiedEmail(tx, email)
          const proved = { email, isEmailVerified: true }
          await users.create(tx, sampleUser(`heir-${index}`, proved))
          return from
        }),
      ),
    )
    const won = outcomes.flatMap((o) => (o.status === 'fulfilled' ? [o.value] : []))
    t.strictSame(won, ['id-ann'])
    const reasons = outcomes.flatMap((o) => (o.status === 'rejected' ? [o.reason as Error] : []))
    t.match(reasons, Array(7).fill({ code: 'ALREADY_EXISTS', reason: 'email_taken' }))
    t.match(await users.findById('id-ann'), { email: null })
    t.match(await users.findByEmail(email), { isEmailVerified: true })
    t.equal(await users.count(), 2, 'who lost left nobody behind')
  })

  await t.test('existsWithRole sees the first admin', async (t) => {
    const { users, transactions } = await open(t)
    t.equal(await users.existsWithRole('admin'), false)
    await transactions.run((tx) => users.create(tx, sampleUser('ann')))
    t.equal(await users.existsWithRole('admin'), false)
    await transactions.run((tx) => users.update(tx, 'id-ann', { role: 'admin' }))
    t.equal(await users.existsWithRole('admin'), true)
    t.equal(await users.existsWithRole('user'), false)
  })

  await t.test('a transaction that fails leaves nothing', async (t) => {
    const { users, transactions } = await open(t)
    const failing = transactions.run(async (tx) => {
      await users.create(tx, sampleUser('ann'))
      throw new Error('after the write')
    })
    await t.rejects(failing, { message: 'after the write' })
    t.equal(await users.findByUsername('ann'), null)
  })

  await t.test('a write wants an open transaction', async (t) => {
    const { users, transactions } = await open(t)
    const foreign = { code: 'INTERNAL', reason: 'transaction_foreign' }
    const fake = { afterCommit: () => undefined }
    await t.rejects(users.create(fake, sampleUser('ann')), foreign)
    const over = await transactions.run(async (tx) => tx)
    await t.rejects(users.update(over, 'id-ann', { role: 'admin' }), foreign)
  })

  await checkPages(t, open)
}

async function checkPages(t: Test, open: Open): Promise<void> {
  await t.test('list goes oldest first, page by page, and misses nobody', async (t) => {
    const { users, transactions } = await open(t)
    t.strictSame(await users.list({ limit: 10 }), { users: [], next: null })
    // Five of each instant, stored out of order.
    const all = Array.from({ length: 25 }, (_, index) =>
      sampleUser(`user-${String(index).padStart(2, '0')}`, { createdAt: T0 + (index % 5) }),
    )
    await transactions.run(async (tx) => {
      for (const user of [...all].reverse()) await users.create(tx, user)
    })
    const seen: string[] = []
    let after: string | undefined
    for (let pages = 0; pages < 10; pages += 1) {
      const page = await users.list({ limit: 7, ...(after !== undefined && { after }) })
      t.ok(page.users.length <= 7)
      seen.push(...page.users.map(({ id }) => id))
      if (page.next === null) break
      after = page.next
    }
    const expected = all
      .toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
      .map(({ id }) => id)
    t.strictSame(seen, expected)
  })

  await t.test('list has no next page when the last one is full', async (t) => {
    const { users, transactions } = await open(t)
    await transactions.run(async (tx) => {
      await users.create(tx, sampleUser('ann'))
      await users.create(tx, sampleUser('bob'))
    })
    t.match(await users.list({ limit: 2 }), { users: { length: 2 }, next: null })
  })

  await t.test('list bounds its page', async (t) => {
    const { users, transactions } = await open(t)
    await transactions.run(async (tx) => {
      for (let index = 0; index <= USER_PAGE_MAX; index += 1) {
        await users.create(tx, sampleUser(`user-${index}`))
      }
    })
    t.equal((await users.list({ limit: 100_000 })).users.length, USER_PAGE_MAX)
    t.equal((await users.list({ limit: 0 })).users.length, 1)
  })

  await t.test('list refuses a place that it did not name', async (t) => {
    const { users } = await open(t)
    for (const after of ['', 'nonsense', '!', Buffer.from('x:y').toString('base64url')]) {
      await t.rejects(users.list({ limit: 1, after }), {
        code: 'INVALID_ARGUMENT',
        details: [{ path: 'after' }],
      })
    }
  })

  await t.test(
    'slice gives any part of the list, from either end, and what lies around it',
    async (t) => {
      const { users, transactions } = await open(t)
      // Two of each instant, so that the id decides between them.
      const names = Array.from({ length: 9 }, (_, i) => `u${i}`)
      await transactions.run(async (tx) => {
        for (const [i, name] of names.entries()) {
          await users.create(tx, sampleUser(name, { createdAt: T0 + Math.floor(i / 2) }))
        }
      })
      const show = async (query: UserSliceQuery) => {
        const { edges, hasPrevious, hasNext } = await users.slice(query)
        return [edges.map(({ user }) => user.username).join(' '), hasPrevious, hasNext]
      }
      const all = await users.slice({ limit: 50, from: 'start' })
      const at = (i: number): string => all.edges[i]?.cursor ?? ''
      t.strictSame(
        all.edges.map(({ user }) => user.username),
        names,
      )
      t.strictSame([all.hasPrevious, all.hasNext], [false, false])
      t.strictSame(await show({ limit: 3, from: 'start' }), ['u0 u1 u2', false, true])
      t.strictSame(await show({ limit: 3, from: 'start', after: at(2) }), ['u3 u4 u5', true, true])
      t.strictSame(await show({ limit: 3, from: 'start', after: at(5) }), ['u6 u7 u8', true, false])
      t.strictSame(await show({ limit: 3, from: 'end' }), ['u6 u7 u8', true, false])
      t.strictSame(await show({ limit: 3, from: 'end', before: at(6) }), ['u3 u4 u5', true, true])
      t.strictSame(await show({ limit: 3, from: 'end', before: at(3) }), ['u0 u1 u2', false, true])
      const between = { after: at(1), before: at(5) }
      t.strictSame(await show({ limit: 2, from: 'start', ...between }), ['u2 u3', true, true])
      t.strictSame(await show({ limit: 2, from: 'end', ...between }), ['u3 u4', true, true])
      t.strictSame(await show({ limit: 3, from: 'start', after: at(8) }), ['', true, false])
      t.equal(await users.count(), 9)
      await t.rejects(users.slice({ limit: 1, from: 'end', before: '!' }), {
        code: 'INVALID_ARGUMENT',
        details: [{ path: 'before' }],
      })
    },
  )

  await t.test('an empty list counts none and has nothing around it', async (t) => {
    const { users } = await open(t)
    t.equal(await users.count(), 0)
    const nothing = { edges: [], hasPrevious: false, hasNext: false }
    t.strictSame(await users.slice({ limit: 5, from: 'end' }), nothing)
  })
}
