import t from 'tap'
import { AppError } from '../../../../src/errors/app-error.js'
import type { GraphqlEngine } from '../../../../src/http/graphql/engine.js'
import { startOperation } from '../../../../src/http/graphql/socket/started-operation.js'
import type { TabLine } from '../../../../src/http/graphql/socket/tab-line.js'

function createHouse() {
  const house = { finished: 0, returned: 0, refuse: null as AppError | null }
  const line = {
    begin: async () => {
      if (house.refuse) throw house.refuse
      return { context: { requestId: 'r1' }, finish: () => void (house.finished += 1) }
    },
  } as unknown as TabLine
  const engine = {
    prepare: ({ query }: { query: string }) =>
      query === 'bad'
        ? {
            ok: false,
            refusals: [{ error: new AppError('INVALID_ARGUMENT', 'query_invalid', 'No.') }],
          }
        : { ok: true, operation: { type: query } },
    run: async () => ({ data: { x: 1 } }),
    subscribe: async () => {
      let left = 2
      return {
        [Symbol.asyncIterator]() {
          return this
        },
        next: async () => {
          if (left === 0) return { done: true, value: undefined }
          left -= 1
          return { done: false, value: { data: { left } } }
        },
        return: async () => {
          house.returned += 1
          return { done: true, value: undefined }
        },
      }
    },
  } as unknown as GraphqlEngine
  return { house, start: (query: unknown) => startOperation(engine, line, { query }) }
}

await t.test('a query is under way until it is answered', async (t) => {
  const { house, start } = createHouse()
  const started = await start('query')
  if (!started.ok) throw new Error('it is fine')
  t.equal(house.finished, 0)
  t.strictSame(await started.run(), { data: { x: 1 } })
  t.equal(house.finished, 1)
})

await t.test(
  'a subscription is under way until its stream has ended, in whatever way',
  async (t) => {
    const { house, start } = createHouse()
    const open = async () => {
      const started = await start('subscription')
      if (!started.ok) throw new Error('it is fine')
      return (await started.run()) as AsyncIterableIterator<{ data?: unknown }>
    }
    const seen: unknown[] = []
    for await (const { data } of await open()) seen.push(data)
    t.strictSame(seen, [{ left: 1 }, { left: 0 }])
    t.equal(house.finished, 1)
    await (await open()).return?.()
    t.strictSame([house.finished, house.returned], [2, 1])
    await t.rejects(async () => (await open()).throw?.(new Error('enough')), { message: 'enough' })
    t.strictSame([house.finished, house.returned], [3, 2])
  },
)

await t.test('what cannot start gives back what it took', async (t) => {
  const { house, start } = createHouse()
  t.match(await start('bad'), { ok: false, errors: [{ extensions: { reason: 'query_invalid' } }] })
  t.equal(house.finished, 1)
  t.match(await start(7), { ok: false, errors: [{ extensions: { reason: 'invalid_argument' } }] })
  house.refuse = new AppError('RESOURCE_EXHAUSTED', 'too_many_operations', 'No.')
  t.match(await start('query'), { errors: [{ extensions: { reason: 'too_many_operations' } }] })
  t.equal(house.finished, 1)
})
