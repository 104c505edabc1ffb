import t from 'tap'
import { AppError } from '../../../src/errors/app-error.js'
import {
  causeOf,
  errnoOf,
  isConflict,
  isFatal,
  isTimeout,
  MysqlFailure,
  mysqlLost,
  mysqlTimeout,
  toMysqlError,
} from '../../../src/repository/mysql/mysql-error.js'

/** As the driver raises it: the statement with its values is a member. */
function driverError(code: string, errno: number, message = 'near hunter2', fatal = false): Error {
  const sql = "insert into `users` values ('hunter2')"
  return Object.assign(new Error(message), {
    ...{ code, errno, sql, sqlMessage: message, sqlState: '23000' },
    ...(fatal && { fatal }),
  })
}

/** As the operating system says it through the driver. */
function systemError(code: string): Error {
  return Object.assign(new Error(`connect ${code}`), { code, errno: -111, syscall: 'connect' })
}

await t.test('mysql error names the unique constraint by its meaning', async (t) => {
  const duplicate = (key: string) =>
    toMysqlError(driverError('ER_DUP_ENTRY', 1062, `Duplicate entry 'hunter2' for key '${key}'`))
  for (const key of ['users_username_unique', 'users.users_username_unique']) {
    t.match(duplicate(key), { code: 'ALREADY_EXISTS', reason: 'username_taken' }, key)
  }
  t.match(duplicate('users_email_unique'), { code: 'ALREADY_EXISTS', reason: 'email_taken' })
  t.match(duplicate('PRIMARY'), { code: 'INTERNAL', cause: { errno: 1062 } })
  for (const key of ['PRIMARY', 'identities.PRIMARY']) {
    const error = driverError('ER_DUP_ENTRY', 1062, `Duplicate entry 'a-b' for key '${key}'`)
    const sql = 'insert into `identities` (`user_id`) values (?)'
    t.match(toMysqlError(Object.assign(error, { sql })), { reason: 'identity_taken' }, key)
    const unknown = toMysqlError(Object.assign(error, { sql: undefined }))
    t.match(unknown, { code: 'INTERNAL', cause: { errno: 1062 } })
  }
})

await t.test('mysql error of a conflict may be tried again', async (t) => {
  for (const [code, errno] of [
    ['ER_CHECKREAD', 1020],
    ['ER_LOCK_DEADLOCK', 1213],
    ['ER_LOCK_WAIT_TIMEOUT', 1205],
  ] as const) {
    const error = toMysqlError(driverError(code, errno))
    t.match(error, { code: 'UNAVAILABLE', reason: 'store_busy', cause: { errno } })
    t.ok(isConflict(error))
    t.notOk(isFatal(error))
  }
  for (const other of [toMysqlError(driverError('ER_X', 1)), mysqlLost(), new Error('x'), null]) {
    t.notOk(isConflict(other))
  }
})

await t.test('mysql error of a server that is away, or not for now, is UNAVAILABLE', async (t) => {
  for (const thrown of [
    systemError('ECONNREFUSED'),
    systemError('ECONNRESET'),
    driverError('PROTOCOL_CONNECTION_LOST', 0, 'lost', true),
    Object.assign(new Error('closed state'), { fatal: true }),
    mysqlLost(),
  ]) {
    const error = toMysqlError(thrown)
    t.match(error, { code: 'UNAVAILABLE', reason: 'store_unavailable' })
    t.ok(isFatal(error))
    t.notOk(isTimeout(error))
  }
  for (const errno of [1040, 1053, 1203, 1290, 1317, 1836, 1927]) {
    t.match(toMysqlError(driverError('ER_X', errno)), {
      code: 'UNAVAILABLE',
      reason: 'store_unavailable',
    })
  }
})

await t.test('mysql error tells a timeout from a loss', async (t) => {
  for (const what of ['connect', 'query'] as const) {
    const error = mysqlTimeout(what)
    t.match(error, { code: 'UNAVAILABLE', reason: 'store_unavailable' })
    t.ok(isTimeout(error))
    t.ok(isFatal(error))
  }
})

await t.test('mysql error keeps no text, no statement and no value of the server', async (t) => {
  const { cause, ...error } = toMysqlError(driverError('ER_PARSE_ERROR', 1064))
  t.match(error, { code: 'INTERNAL' })
  t.match(cause, { name: 'MysqlFailure', code: 'ER_PARSE_ERROR', errno: 1064, fatal: false })
  t.ok(cause instanceof MysqlFailure)
  const said = JSON.stringify([cause, Object.entries(cause as object), (cause as Error).stack])
  t.notMatch(said, /hunter2/)
})

await t.test('mysql error leaves alone what is none of the server', async (t) => {
  const own = new AppError('NOT_FOUND', 'mine', 'Mine.')
  t.equal(toMysqlError(own), own)
  const mistake = new TypeError('a mistake')
  t.match(toMysqlError(mistake), { code: 'INTERNAL', cause: mistake })
  t.match(toMysqlError('text'), { code: 'INTERNAL' })
  t.equal(errnoOf(own), 0)
  t.equal(causeOf(mistake), null)
})
