import type { Test } from 'tap'
import type { Broker, SurveyHandlers } from '../../src/domain/broker.js'
import { stubSurveyHandlers } from '../helpers/stub-survey-handlers.js'
import { waitFor } from '../helpers/wait-for.js'

/** Several processes on one line, as a test makes them. */
export interface BrokerSetup {
  /** A broker that has not started; the test is to close it when it ends. */
  readonly createBroker: (options?: { readonly isObserver: boolean }) => Broker
  /** A process that is alive by all signs and never answers; its id. */
  readonly addSilentProcess: () => Promise<string>
  /** Makes messages disappear before the brokers that run have read them. */
  readonly loseMessages: () => Promise<void>
}

interface Heard {
  readonly handlers: SurveyHandlers
  readonly pushes: string[]
  readonly ended: string[]
  readonly changed: string[]
}

/** Handlers that keep what they heard and answer with `size`. */
function listen(size: number): Heard {
  const pushes: string[] = []
  const ended: string[] = []
  const changed: string[] = []
  const handlers = stubSurveyHandlers({
    sessions_ended: ({ sessions }) => {
      ended.push(...sessions.map(({ id, reason }) => `${id} ${reason}`))
      return { connectionsClosed: size }
    },
    push: ({ message }) => {
      pushes.push(message)
      return { delivered: size }
    },
    auth_changed: () => ({ told: 1 }),
    count_connections: ({ sessionIds }) => ({
      bySession: Object.fromEntries(sessionIds.map((id) => [id, size])),
    }),
    keys_burned: () => ({ dropped: size }),
    users_changed: ({ userIds }) => {
      changed.push(...(userIds ?? ['all']))
      return {}
    },
  })
  return { handlers, pushes, ended, changed }
}

const push = (message: string) => ({ userId: 'ann', event: 'news', message })
const PATIENT_MS = 20_000
const noGap = (): void => undefined

/** What every implementation of the port promises. */
export async function checkBroker(t: Test, open: (t: Test) => Promise<BrokerSetup>): Promise<void> {
  await t.test('a process alone answers itself', async (t) => {
    const { createBroker } = await open(t)
    const broker = createBroker()
    const heard = listen(2)
    await broker.start(heard.handlers, noGap)
    t.strictSame(await broker.survey('push', push('hello'), PATIENT_MS), {
      asked: 1,
      answers: [{ delivered: 2 }],
      missing: [],
    })
    t.strictSame(heard.pushes, ['hello'])
  })

  await t.test('two processes answer every kind of question, once each', async (t) => {
    const { createBroker } = await open(t)
    const [one, two] = [createBroker(), createBroker()]
    t.not(one.processId, two.processId)
    const heard = [listen(1), listen(2)] as const
    await one.start(heard[0].handlers, noGap)
    await two.start(heard[1].handlers, noGap)
    const sessions = [{ id: 's', userId: 'ann', reason: 'ended_by_admin' }] as const
    t.same(await one.survey('sessions_ended', { sessions }, PATIENT_MS), {
      asked: 2,
      answers: [{ connectionsClosed: 1 }, { connectionsClosed: 2 }],
      missing: [],
    })
    t.same(await two.survey('count_connections', { sessionIds: ['s'] }, PATIENT_MS), {
      asked: 2,
      answers: [{ bySession: { s: 2 } }, { bySession: { s: 1 } }],
      missing: [],
    })
    for (const userIds of [['ann', 'bob'], null]) {
      t.same(await two.survey('users_changed', { userIds }, PATIENT_MS), {
        asked: 2,
        answers: [{}, {}],
        missing: [],
      })
    }
    t.strictSame(
      heard.map(({ changed }) => changed),
      [
        ['ann', 'bob', 'all'],
        ['ann', 'bob', 'all'],
      ],
    )
    t.strictSame(
      heard.map(({ ended }) => ended),
      [['s ended_by_admin'], ['s ended_by_admin']],
    )
  })

  await t.test('an observer asks, and is no process to anybody', async (t) => {
    const { createBroker } = await open(t)
    const [one, observer] = [createBroker(), createBroker({ isObserver: true })]
    const [heard, own] = [listen(1), listen(2)]
    await observer.start(own.handlers, noGap)
    t.strictSame(await observer.survey('push', push('nobody'), PATIENT_MS), {
      asked: 0,
      answers: [],
      missing: [],
    })
    await one.start(heard.handlers, noGap)
    t.strictSame(await observer.survey('push', push('hello'), PATIENT_MS), {
      asked: 1,
      answers: [{ delivered: 1 }],
      missing: [],
    })
    t.strictSame(await one.survey('push', push('back'), PATIENT_MS), {
      asked: 1,
      answers: [{ delivered: 1 }],
      missing: [],
    })
    t.strictSame(heard.pushes, ['hello', 'back'])
    t.strictSame(own.pushes, [])
  })

  await t.test('three processes ask each other at once', async (t) => {
    const { createBroker } = await open(t)
    const processes = [0, 1, 2].map((size) => ({ broker: createBroker(), ...listen(size) }))
    for (const { broker, handlers } of processes) await broker.start(handlers, noGap)
    const results = await Promise.all(
      processes.flatMap(({ broker }, from) =>
        Array.from({ length: 20 }, (_, index) =>
          broker.survey('push', push(`message ${index} from ${from}`), PATIENT_MS),
        ),
      ),
    )
    for (const result of results) {
      const sizes = result.answers.map(({ delivered }) => delivered).sort()
      if (result.missing.length !== 0 || sizes.join() !== '0,1,2') t.fail('wrong', { result })
    }
    for (const { pushes } of processes) t.equal(new Set(pushes).size, 60, 'each heard each')
    for (const { pushes } of processes) t.equal(pushes.length, 60, 'and once')
  })

  await t.test('messages of one process arrive in their order', async (t) => {
    const { createBroker } = await open(t)
    const [one, two] = [createBroker(), createBroker()]
    const heard = listen(1)
    await one.start(listen(1).handlers, noGap)
    await two.start(heard.handlers, noGap)
    const messages = Array.from({ length: 200 }, (_, index) => `message ${index}`)
    await Promise.all(messages.map((message) => one.survey('push', push(message), PATIENT_MS)))
    t.strictSame(heard.pushes, messages)
  })

  await t.test('a silent process is named and holds nobody up', async (t) => {
    const { createBroker, addSilentProcess } = await open(t)
    const [one, two] = [createBroker(), createBroker()]
    await one.start(listen(1).handlers, noGap)
    await two.start(listen(2).handlers, noGap)
    const silent = await addSilentProcess()
    t.strictSame(await one.survey('push', push('hello'), 500), {
      asked: 3,
      answers: [{ delivered: 1 }, { delivered: 2 }],
      missing: [silent],
    })
  })

  await checkLeaving(t, open)
}

async function checkLeaving(t: Test, open: (t: Test) => Promise<BrokerSetup>): Promise<void> {
  await t.test('a handler that fails is missing at once, on either side', async (t) => {
    const { createBroker } = await open(t)
    const [one, two] = [createBroker(), createBroker()]
    const failing: SurveyHandlers = {
      ...listen(1).handlers,
      push: () => {
        throw new Error('a bug')
      },
    }
    await one.start(listen(1).handlers, noGap)
    await two.start(failing, noGap)
    t.strictSame(await one.survey('push', push('hello'), PATIENT_MS), {
      asked: 2,
      answers: [{ delivered: 1 }],
      missing: [two.processId],
    })
    t.strictSame(await two.survey('push', push('hello'), PATIENT_MS), {
      asked: 2,
      answers: [{ delivered: 1 }],
      missing: [two.processId],
    })
    t.match(await one.survey('count_connections', { sessionIds: [] }, PATIENT_MS), {
      missing: { length: 0 },
    })
  })

  await t.test('a process that has left is not asked', async (t) => {
    const { createBroker } = await open(t)
    const [one, two] = [createBroker(), createBroker()]
    const heard = listen(2)
    await one.start(listen(1).handlers, noGap)
    await two.start(heard.handlers, noGap)
    await two.close()
    await two.close()
    t.match(await one.survey('push', push('hello'), PATIENT_MS), { asked: 1, missing: [] })
    t.strictSame(heard.pushes, [])
    await t.rejects(two.survey('push', push('hello'), PATIENT_MS), {
      code: 'UNAVAILABLE',
      reason: 'broker_closed',
    })
  })

  await t.test('a process answers what it was asked before it leaves', async (t) => {
    const { createBroker } = await open(t)
    const [one, two] = [createBroker(), createBroker()]
    await one.start(listen(1).handlers, noGap)
    await two.start(listen(2).handlers, noGap)
    const asking = one.survey('push', push('hello'), PATIENT_MS)
    const leaving = two.close()
    t.match(await asking, { asked: 2, answers: { length: 2 }, missing: [] })
    await leaving
  })

  await t.test('a process that leaves ends its own questions', async (t) => {
    const { createBroker, addSilentProcess } = await open(t)
    const broker = createBroker()
    await broker.start(listen(1).handlers, noGap)
    const silent = await addSilentProcess()
    const asking = broker.survey('push', push('hello'), PATIENT_MS)
    await broker.close()
    t.strictSame(await asking, { asked: 2, answers: [{ delivered: 1 }], missing: [silent] })
  })

  await t.test('a broker starts once, and not after its end', async (t) => {
    const { createBroker } = await open(t)
    const broker = createBroker()
    await t.rejects(broker.survey('push', push('early'), PATIENT_MS), {
      code: 'UNAVAILABLE',
      reason: 'broker_closed',
    })
    await broker.start(listen(1).handlers, noGap)
    const again = { code: 'INTERNAL', reason: 'broker_started' }
    await t.rejects(broker.start(listen(1).handlers, noGap), again)
    const unused = createBroker()
    await unused.close()
    await t.rejects(unused.start(listen(1).handlers, noGap), again)
  })

  await t.test('a process hears of messages that it has missed', async (t) => {
    const { createBroker, loseMessages } = await open(t)
    const broker = createBroker()
    let gaps = 0
    await broker.start(listen(1).handlers, () => {
      gaps += 1
    })
    t.equal(gaps, 0)
    await loseMessages()
    await waitFor('the gap', () => gaps > 0)
    t.match(await broker.survey('push', push('still there'), PATIENT_MS), { asked: 1 })
  })
}
