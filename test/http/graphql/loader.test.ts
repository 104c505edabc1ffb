import t from 'tap'
import { createLoader, createLoaders } from '../../../src/http/graphql/loader.js'

await t.test('keys that are asked for together are loaded together, each once', async (t) => {
  const asked: (readonly string[])[] = []
  const loader = createLoader(
    async (keys) => {
      asked.push(keys)
      return new Map(keys.filter((key) => key !== 'none').map((key) => [key, key.length]))
    },
    () => 0,
  )
  t.strictSame(
    await Promise.all(['a', 'bb', 'a', 'none'].map((key) => loader.load(key))),
    [1, 2, 1, 0],
  )
  t.strictSame(asked, [['a', 'bb', 'none']])
  t.equal(await loader.load('bb'), 2)
  t.equal(asked.length, 1, 'known already')
  t.equal(await loader.load('ccc'), 3)
  t.strictSame(asked[1], ['ccc'])
})

await t.test('a failure reaches everybody who asked', async (t) => {
  const loader = createLoader<number>(
    () => Promise.reject(new Error('away')),
    () => 0,
  )
  const results = await Promise.allSettled([loader.load('a'), loader.load('b')])
  t.strictSame(
    results.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
})

await t.test('createLoaders loads the sessions of many users at once', async (t) => {
  const asked: (readonly string[])[] = []
  const { sessions } = createLoaders({
    listForUsers: async (userIds) => {
      asked.push(userIds)
      return new Map()
    },
  })
  t.strictSame(await Promise.all([sessions.load('u1'), sessions.load('u2')]), [[], []])
  t.strictSame(asked, [['u1', 'u2']])
})
