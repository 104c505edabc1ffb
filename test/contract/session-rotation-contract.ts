import type { Test } from 'tap'
import type { SessionPolicy, SessionStore } from '../../src/domain/session.js'
import { AppError } from '../../src/errors/app-error.js'
import { MINUTE, rotation, sampleSession, T0, UNLIMITED } from './sample-session.js'

const ids = (sessions: readonly { id: string }[]): string[] => sessions.map(({ id }) => id)

type Open = (t: Test) => Promise<SessionStore>

/** What the store promises about rotation, step by step. */
export async function checkRotation(t: Test, open: Open): Promise<void> {
  await t.test('rotate moves the session on and replays until the window ends', async (t) => {
    const store = await open(t)
    const session = sampleSession()
    await store.create(session, UNLIMITED)
    const rotatedAt = T0 + MINUTE
    t.strictSame(await store.rotate(rotation(session.id)), { outcome: 'rotated' })
    t.match(await store.check(session.id, rotatedAt), {
      alive: true,
      session: { lastSeenAt: rotatedAt, idleExpiresAt: T0 + 61 * MINUTE },
    })
    // The window does not slide: a replay does not prolong it.
    for (const now of [rotatedAt, rotatedAt + 5000, rotatedAt + 9999]) {
      t.strictSame(
        await store.rotate(rotation(session.id, { now, nextHash: 'x', sealedPair: 'y' })),
        { outcome: 'replayed', sealedPair: 'sealed-1' },
      )
    }
    const tooLate = rotation(session.id, { now: rotatedAt + 10_000 })
    const ended = { id: session.id, userId: 'user-1', reason: 'reuse_detected' }
    t.strictSame(await store.rotate(tooLate), { outcome: 'reused', ended })
    t.strictSame(await store.check(session.id, rotatedAt), {
      alive: false,
      reason: 'reuse_detected',
    })
    t.strictSame(await store.rotate(rotation(session.id, { presentedHash: 'hash-1' })), {
      outcome: 'over',
      reason: 'reuse_detected',
    })
  })

  await t.test('rotate replays only to the client that rotated', async (t) => {
    const store = await open(t)
    const session = sampleSession()
    await store.create(session, UNLIMITED)
    await store.rotate(rotation(session.id, { clientId: 'thief' }))
    const owner = await store.rotate(rotation(session.id, { now: T0 + MINUTE + 1 }))
    t.match(owner, { outcome: 'reused', ended: { id: session.id } })
  })

  await t.test('rotate knows only the last two tokens', async (t) => {
    const store = await open(t)
    const session = sampleSession()
    await store.create(session, UNLIMITED)
    await store.rotate(rotation(session.id))
    const second = { presentedHash: 'hash-1', nextHash: 'hash-2', sealedPair: 'sealed-2' }
    t.match(await store.rotate(rotation(session.id, second)), { outcome: 'rotated' })
    t.strictSame(await store.rotate(rotation(session.id, { presentedHash: 'hash-1' })), {
      outcome: 'replayed',
      sealedPair: 'sealed-2',
    })
    t.match(await store.rotate(rotation(session.id)), { outcome: 'reused' })
  })

  await t.test('rotate takes a token that was never given for theft', async (t) => {
    const store = await open(t)
    const session = sampleSession()
    await store.create(session, UNLIMITED)
    const forged = await store.rotate(rotation(session.id, { presentedHash: 'never' }))
    t.match(forged, { outcome: 'reused' })
  })

  await t.test('rotate of a session that is over says why', async (t) => {
    const store = await open(t)
    const session = sampleSession()
    await store.create(session, UNLIMITED)
    const idle = rotation(session.id, { now: session.idleExpiresAt })
    t.strictSame(await store.rotate(idle), { outcome: 'over', reason: 'idle_timeout' })
    t.strictSame(await store.rotate(rotation('nobody')), { outcome: 'over', reason: null })
    await store.end({ by: 'session', sessionId: session.id }, 'logged_out', T0)
    t.strictSame(await store.rotate(rotation(session.id)), {
      outcome: 'over',
      reason: 'logged_out',
    })
  })

  await t.test('rotate never moves the idle end past the absolute end', async (t) => {
    const store = await open(t)
    const session = sampleSession()
    await store.create(session, UNLIMITED)
    await store.rotate(rotation(session.id, { idleExpiresAt: session.expiresAt + MINUTE }))
    t.match(await store.check(session.id, T0), { session: { idleExpiresAt: session.expiresAt } })
  })
}

const INTERLEAVINGS = 1_000
const AT_ONCE = 50

/** What the store promises to many at once. */
export async function checkRaces(t: Test, open: Open): Promise<void> {
  for (const limit of [1, 3]) {
    await t.test(`200 sign-ins at once under limit ${limit} leave exactly ${limit}`, async (t) => {
      const store = await open(t)
      const policy: SessionPolicy = { mode: 'limit', limit, onLimit: 'evict-oldest' }
      const sessions = Array.from({ length: 200 }, () => sampleSession())
      const samples: number[] = []
      const ended = await Promise.all(
        sessions.map(async (session) => {
          const displaced = await store.create(session, policy)
          samples.push((await store.listByUser('user-1', T0)).length)
          return displaced
        }),
      )
      t.ok(Math.max(...samples) <= limit, 'never more')
      const full = samples.slice(samples.indexOf(limit))
      t.ok(full.length > 150 && full.every((count) => count === limit), 'once full, always full')
      const live = await store.listByUser('user-1', T0)
      t.equal(live.length, limit)
      t.equal(new Set(ended.flatMap(ids)).size, 200 - limit, 'each loser is named once')
      t.notOk(live.some(({ id }) => ended.flatMap(ids).includes(id)))
    })

    await t.test(`200 sign-ins at once under refusal at ${limit} let ${limit} in`, async (t) => {
      const store = await open(t)
      const policy: SessionPolicy = { mode: 'limit', limit, onLimit: 'refuse' }
      const outcomes = await Promise.allSettled(
        Array.from({ length: 200 }, () => store.create(sampleSession(), policy)),
      )
      const refused = outcomes.flatMap((o) =>
        o.status === 'rejected' ? [o.reason as unknown] : [],
      )
      t.equal(refused.length, 200 - limit)
      t.ok(refused.every((e) => e instanceof AppError && e.reason === 'session_limit'))
      t.equal((await store.listByUser('user-1', T0)).length, limit)
    })
  }

  await t.test('200 sign-ins at once under single leave one', async (t) => {
    const store = await open(t)
    const sessions = Array.from({ length: 200 }, () => sampleSession())
    await Promise.all(sessions.map((session) => store.create(session, { mode: 'single' })))
    t.equal((await store.listByUser('user-1', T0)).length, 1)
  })

  await t.test('500 rotations of one token at once give one pair to all', async (t) => {
    const store = await open(t)
    const session = sampleSession()
    await store.create(session, UNLIMITED)
    const outcomes = await Promise.all(
      Array.from({ length: 500 }, async (_, index) => {
        const own = { nextHash: `next-${index}`, sealedPair: `sealed-${index}` }
        return { own, outcome: await store.rotate(rotation(session.id, own)) }
      }),
    )
    const winners = outcomes.filter(({ outcome }) => outcome.outcome === 'rotated')
    t.equal(winners.length, 1)
    const sealedPair = winners[0]?.own.sealedPair
    const rest = outcomes.filter(({ outcome }) => outcome.outcome !== 'rotated')
    for (const { outcome } of rest) {
      if (outcome.outcome !== 'replayed' || outcome.sealedPair !== sealedPair) {
        t.fail('a tab got another pair', { outcome })
      }
    }
    t.equal(rest.length, 499)
    t.match(await store.check(session.id, T0), { alive: true })
  })

  await t.test('a session that is rotated and ended at once is over', async (t) => {
    const store = await open(t)
    const interleave = async (round: number): Promise<string[]> => {
      const session = sampleSession({ userId: `user-${round % 7}` })
      await store.create(session, UNLIMITED)
      const rotate = () => store.rotate(rotation(session.id))
      const touch = () => store.touch(session.id, T0 + MINUTE, T0 + 90 * MINUTE)
      const wrong: string[] = []
      const expectOver = async (when: string): Promise<void> => {
        const check = await store.check(session.id, T0)
        if (check.alive || check.reason !== 'logged_out') wrong.push(`${round}: alive ${when}`)
      }
      const end = async (): Promise<void> => {
        await store.end({ by: 'session', sessionId: session.id }, 'logged_out', T0)
        await expectOver('after its end was answered')
      }
      const steps = [
        [rotate, end, touch, rotate],
        [end, rotate, rotate, touch],
        [rotate, rotate, touch, end],
      ]
      await Promise.all((steps[round % steps.length] ?? []).map((step) => step()))
      await expectOver('after everything')
      const after = await rotate()
      if (after.outcome !== 'over') wrong.push(`${round}: ${after.outcome}`)
      return wrong
    }
    for (let done = 0; done < INTERLEAVINGS; done += AT_ONCE) {
      const rounds = Array.from({ length: AT_ONCE }, (_, index) => interleave(done + index))
      t.strictSame((await Promise.all(rounds)).flat(), [])
    }
  })
}
