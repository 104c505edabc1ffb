import t from 'tap'
import type { User } from '../../src/domain/user.js'
import { createUserDirectory } from '../../src/service/user-directory.js'
import { createFakeClock } from '../helpers/fake-clock.js'
import { createMemoryUserRepository } from '../helpers/memory-user-repository.js'

const AGE_MS = 60_000

/** A directory over users who can be renamed behind its back, and the ids that it asked for. */
function createHouse(entriesMax?: number) {
  const repository = createMemoryUserRepository()
  const clock = createFakeClock()
  const reads: string[] = []
  const users = {
    findById: (id: string): Promise<User | null> => {
      reads.push(id)
      return repository.findById(id)
    },
  }
  const directory = createUserDirectory({
    ...{ users, clock },
    ...(entriesMax === undefined ? {} : { entriesMax }),
  })
  for (const id of ['ann', 'bob', 'cid']) repository.add({ id, username: id })
  const rename = (id: string, displayName: string) =>
    repository.update({ afterCommit: () => undefined }, id, { displayName })
  const nameOf = async (id: string) => (await directory.find(id))?.displayName
  return { directory, clock, reads, rename, nameOf, users }
}

await t.test('directory reads a user once', async (t) => {
  const { directory, reads } = createHouse()
  const first = await directory.find('ann')
  t.match(first, { id: 'ann', username: 'ann' })
  for (let round = 0; round < 100; round += 1) t.equal(await directory.find('ann'), first)
  t.strictSame(reads, ['ann'])
})

await t.test('directory does not remember that a user is absent', async (t) => {
  const { directory, reads } = createHouse()
  t.equal(await directory.find('nobody'), null)
  t.equal(await directory.find('nobody'), null)
  t.strictSame(reads, ['nobody', 'nobody'])
})

await t.test('directory asks again for who has changed', async (t) => {
  const { directory, reads, rename, nameOf } = createHouse()
  t.equal(await nameOf('ann'), 'ann')
  t.equal(await nameOf('bob'), 'bob')
  await rename('ann', 'Anna')
  directory.forget(['ann', 'never met'])
  reads.length = 0
  for (let round = 0; round < 3; round += 1) t.equal(await nameOf('ann'), 'Anna')
  t.equal(await nameOf('bob'), 'bob')
  t.strictSame(reads, ['ann'])
})

await t.test('directory forgets everybody when anybody may have changed', async (t) => {
  const { directory, reads, rename, nameOf } = createHouse()
  await nameOf('ann')
  await nameOf('bob')
  await rename('ann', 'Anna')
  directory.forget(null)
  reads.length = 0
  t.equal(await nameOf('ann'), 'Anna')
  await nameOf('ann')
  await nameOf('bob')
  t.strictSame(reads, ['ann', 'bob'])
})

await t.test('directory does not keep a reading that a change has overtaken', async (t) => {
  const { clock, users } = createHouse()
  let release = (): void => undefined
  const held = new Promise<void>((resolve) => (release = resolve))
  const late = createUserDirectory({
    clock,
    users: {
      findById: async (id) => {
        const user = await users.findById(id)
        await held
        return user
      },
    },
  })
  const reading = late.find('ann')
  late.forget(['bob'])
  release()
  t.match(await reading, { id: 'ann' })
  const again = await late.find('ann')
  t.not(again, await reading)
  t.equal(await late.find('ann'), again, 'the next one is kept')
})

await t.test('directory believes nothing that is a minute old', async (t) => {
  const { clock, rename, nameOf } = createHouse()
  await nameOf('ann')
  await rename('ann', 'Anna')
  clock.advance(AGE_MS - 1)
  t.equal(await nameOf('ann'), 'ann', 'nobody told')
  clock.advance(1)
  t.equal(await nameOf('ann'), 'Anna')
})

await t.test('directory is bounded', async (t) => {
  const { reads, nameOf } = createHouse(2)
  for (const id of ['ann', 'bob', 'cid']) await nameOf(id)
  reads.length = 0
  await nameOf('cid')
  await nameOf('bob')
  t.strictSame(reads, [])
  await nameOf('ann')
  t.strictSame(reads, ['ann'], 'the oldest gave way')
})

await t.test('directory passes on that the store cannot be asked', async (t) => {
  const { clock } = createHouse()
  const failure = new Error('down')
  const directory = createUserDirectory({
    clock,
    users: { findById: () => Promise.reject(failure) },
  })
  await t.rejects(directory.find('ann'), failure)
})
