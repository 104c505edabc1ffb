import t from 'tap'
import { createSessionKeys } from '../../../src/repository/redis/session-key.js'

const tagOf = (key: string): string | undefined => /\{(.*?)\}/.exec(key)?.[1]

await t.test('all keys of a user carry one hash tag', async (t) => {
  const keys = createSessionKeys('gatehouse:')
  for (const userId of ['user-1', '', '}', '{}', 'a{b}c', 'ä:ö']) {
    const tag = tagOf(keys.ofUser(userId))
    t.ok(tag, 'not empty')
    t.equal(tagOf(keys.ofSession(userId, 's1')), tag)
    t.equal(tagOf(keys.endsOf(userId)), tag)
    t.equal(keys.baseOf(userId) + 's1', keys.ofSession(userId, 's1'))
  }
  t.not(keys.ofUser('a'), keys.ofUser('b'))
})

await t.test('the hash of a session names it', async (t) => {
  const keys = createSessionKeys('gatehouse:')
  t.equal(keys.sessionIdOf(keys.ofSession('a{b}:c', 's}:1')), 's}:1')
  for (const key of [
    keys.ofUser('u'),
    keys.ofOwner('s1'),
    keys.endsOf('u'),
    keys.endingUsers(),
    'gatehouse:session:x',
    'other',
  ]) {
    t.equal(keys.sessionIdOf(key), null)
  }
})
