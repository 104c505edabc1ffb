import t from 'tap'
import { AppError } from '../../src/errors/app-error.js'
import { isBusy, isNotDatabase, toStoreError } from '../../src/repository/sqlite-error.js'

function sqliteError(errcode: unknown, message = 'secret SQL'): Error {
  return Object.assign(new Error(message), { code: 'ERR_SQLITE_ERROR', errcode })
}

await t.test('sqlite error tells a lock from everything else', async (t) => {
  for (const code of [5, 6, 261, 517]) t.ok(isBusy(sqliteError(code)), String(code))
  for (const thrown of [sqliteError(1), sqliteError('5'), new Error('x'), 'database is locked']) {
    t.notOk(isBusy(thrown))
  }
})

await t.test('sqlite error knows a file that is no database', async (t) => {
  t.ok(isNotDatabase(sqliteError(26)))
  t.ok(isNotDatabase(sqliteError(11)))
  t.notOk(isNotDatabase(sqliteError(14)))
})

await t.test('sqlite error becomes an error of the closed set without its text', async (t) => {
  t.match(toStoreError(sqliteError(5)), { code: 'UNAVAILABLE', reason: 'store_busy' })
  for (const code of [8, 10, 11, 13, 14, 26, 522]) {
    const error = toStoreError(sqliteError(code))
    t.match(error, { code: 'UNAVAILABLE', reason: 'store_unavailable' })
    t.notMatch(error.message, /secret/)
  }
  const internal = toStoreError(sqliteError(1))
  t.match(internal, { code: 'INTERNAL', reason: 'internal', cause: { message: 'secret SQL' } })
  t.notMatch(internal.message, /secret/)
  t.equal(toStoreError('text').code, 'INTERNAL')
})

await t.test('sqlite error names the unique column by its meaning', async (t) => {
  const unique = (column: string) =>
    toStoreError(sqliteError(2067, `UNIQUE constraint failed: ${column}`))
  t.match(unique('users.username'), { code: 'ALREADY_EXISTS', reason: 'username_taken' })
  t.match(unique('users.email'), { code: 'ALREADY_EXISTS', reason: 'email_taken' })
  t.match(unique('sessions.id'), { code: 'INTERNAL' })
  const key = 'identities.user_id, identities.provider, identities.provider_id'
  const primary = toStoreError(sqliteError(1555, `UNIQUE constraint failed: ${key}`))
  t.match(primary, { code: 'ALREADY_EXISTS', reason: 'identity_taken' })
  t.match(unique('toString'), { code: 'INTERNAL' })
})

await t.test('sqlite error leaves an AppError as it is', async (t) => {
  const error = new AppError('NOT_FOUND', 'mine', 'Mine.')
  t.equal(toStoreError(error), error)
})
