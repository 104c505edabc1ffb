import t from 'tap'
import {
  storeBusy,
  storeClosed,
  storeUnavailable,
  takenError,
} from '../../src/repository/store-error.js'

await t.test('store error names a taken value by its column and by its constraint', async (t) => {
  for (const name of ['users.username', 'users_username_unique']) {
    t.match(takenError(name), { code: 'ALREADY_EXISTS', reason: 'username_taken' }, name)
  }
  for (const name of ['users.email', 'users_email_unique']) {
    t.match(takenError(name), { code: 'ALREADY_EXISTS', reason: 'email_taken' }, name)
  }
  const key = 'identities.user_id, identities.provider, identities.provider_id'
  for (const name of ['identities_provider_unique', 'identities.PRIMARY', key]) {
    t.match(takenError(name), { code: 'ALREADY_EXISTS', reason: 'identity_taken' }, name)
  }
  for (const name of ['', 'PRIMARY', 'users.PRIMARY', 'sessions.id', 'toString'])
    t.equal(takenError(name), null)
})

await t.test('store error of a busy store says when to come back', async (t) => {
  const cause = new Error('database is locked')
  const expected = { code: 'UNAVAILABLE', reason: 'store_busy', retryAfterSeconds: 1, cause }
  t.match(storeBusy(cause), expected)
})

await t.test('store error of a store that is away or closed is UNAVAILABLE', async (t) => {
  const cause = new Error('gone')
  t.match(storeUnavailable(cause), { code: 'UNAVAILABLE', reason: 'store_unavailable', cause })
  t.match(storeClosed(), { code: 'UNAVAILABLE', reason: 'store_closed' })
})
