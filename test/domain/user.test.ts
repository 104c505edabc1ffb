import t from 'tap'
import {
  canonicalDisplayName,
  canonicalEmail,
  canonicalUsername,
  parseUserRole,
  userNotFound,
} from '../../src/domain/user.js'

await t.test('a username has one canonical form', async (t) => {
  t.equal(canonicalUsername('Ada.Lovelace-1'), 'ada.lovelace-1')
  t.equal(canonicalUsername('a'.repeat(32)), 'a'.repeat(32))
})

await t.test('look-alikes, spaces, controls and wrong lengths are no usernames', async (t) => {
  const wrong = [
    '',
    'ab',
    'a'.repeat(33),
    'аda', // Cyrillic
    'ada\u200b',
    'ada ',
    ' ada',
    '\u202eada',
    'ada\0',
    'ada\n',
    'ad😀a',
    '.ada',
    '-ada',
    'ada@example.com',
    "ada' OR 1=1--",
    'K\u0131sa',
    '\u212aelvin', // The Kelvin sign lower-cases to k.
  ]
  for (const username of wrong) {
    t.throws(
      () => canonicalUsername(username),
      { code: 'INVALID_ARGUMENT', details: [{ path: 'username' }], message: /3 to 32 characters/ },
      JSON.stringify(username),
    )
  }
})

await t.test('an e-mail address is lower-cased and bounded', async (t) => {
  t.equal(canonicalEmail('Ada@Example.COM'), 'ada@example.com')
  for (const email of [
    '',
    'ada',
    '@example.com',
    'ada@',
    'ada@exa mple.com',
    'ada@b@c',
    '\u212aada@example.com',
    'ada@\u212aexample.com',
    'ada@example.com\r\nbcc: eve@example.com',
    `${'a'.repeat(250)}@b.cd`,
  ]) {
    t.throws(
      () => canonicalEmail(email),
      { code: 'INVALID_ARGUMENT', details: [{ path: 'email' }] },
      JSON.stringify(email),
    )
  }
})

await t.test('a display name is trimmed and free of control characters', async (t) => {
  t.equal(canonicalDisplayName('  Ada Lovelace '), 'Ada Lovelace')
  t.equal(canonicalDisplayName('e\u0301'), '\u00e9')
  t.equal(canonicalDisplayName('😀'.repeat(64)), '😀'.repeat(64))
  for (const name of ['', '   ', 'a\r\nb', 'a\u202eb', 'x'.repeat(65), '\ud800']) {
    t.throws(
      () => canonicalDisplayName(name),
      { code: 'INVALID_ARGUMENT', details: [{ path: 'displayName' }] },
      JSON.stringify(name),
    )
  }
})

await t.test('a role is one of the known ones', async (t) => {
  t.equal(parseUserRole('admin'), 'admin')
  t.throws(() => parseUserRole('root'), {
    code: 'INVALID_ARGUMENT',
    message: 'A role is one of user, admin, not "root".',
  })
  t.throws(() => parseUserRole('toString'), { code: 'INVALID_ARGUMENT' })
})

await t.test('an absent user has one error', async (t) => {
  t.match(userNotFound(), {
    code: 'NOT_FOUND',
    reason: 'user_not_found',
    message: 'There is no such user.',
  })
})
