import t from 'tap'
import type { ExternalProfile } from '../../src/domain/identity-provider.js'
import { canonicalDisplayName, canonicalUsername } from '../../src/domain/user.js'
import { cleanProfile, usernameFor } from '../../src/service/external-profile.js'

const NOBODY: ExternalProfile = {
  providerId: '1',
  email: null,
  isEmailVerified: false,
  username: null,
  displayName: null,
  avatarUrl: null,
}

await t.test('a clean profile is canonical in every field', async (t) => {
  const profile = {
    ...NOBODY,
    email: 'Ada@Example.COM',
    isEmailVerified: true,
    displayName: '  Ada\u0000 \u202eLove\u200blace\r\n ',
    avatarUrl: 'https://example.com/ä.png?s=1',
  }
  t.strictSame(cleanProfile(profile), {
    displayName: 'Ada Lovelace',
    avatarUrl: 'https://example.com/%C3%A4.png?s=1',
    email: 'ada@example.com',
    isEmailVerified: true,
  })
})

await t.test('what is not usable is left out', async (t) => {
  const nothing = { displayName: null, avatarUrl: null, email: null, isEmailVerified: false }
  t.strictSame(cleanProfile(NOBODY), nothing)
  const useless = { ...NOBODY, email: 'no address', isEmailVerified: true, displayName: ' \u200b ' }
  t.strictSame(cleanProfile(useless), nothing, 'a proof without an address proves nothing')
  for (const avatarUrl of [
    ...[
      'http://example.com/a.png',
      'javascript:alert(1)',
      'data:image/png;base64,AAAA',
      '//x',
      'x',
    ],
    ...['https://user:pass@example.com/', `https://example.com/${'a'.repeat(2048)}`, 'https://'],
    `https://example.com/${'ä'.repeat(700)}`,
  ]) {
    t.equal(cleanProfile({ ...NOBODY, avatarUrl }).avatarUrl, null, avatarUrl.slice(0, 40))
  }
})

await t.test('a display name is cut to its length by whole characters', async (t) => {
  const { displayName } = cleanProfile({ ...NOBODY, displayName: '🙂'.repeat(100) })
  t.equal(displayName, '🙂'.repeat(64))
  t.equal(canonicalDisplayName(displayName ?? ''), displayName)
  const huge = cleanProfile({ ...NOBODY, displayName: 'x'.repeat(10_000_000) })
  t.equal(huge.displayName?.length, 64)
})

await t.test('the first username is what the person would recognise', async (t) => {
  const of = (profile: Partial<ExternalProfile>) => usernameFor({ ...NOBODY, ...profile }, 0)
  t.equal(of({ username: 'Octo-Cat' }), 'octo-cat')
  t.equal(of({ username: 'x', displayName: 'Ádá  Lovelace!' }), 'ada-lovelace')
  t.equal(of({ email: 'grace.hopper@example.com' }), 'grace.hopper')
  t.equal(of({ username: '-_.Ünï_çödé._-' }), 'uni_code')
  t.equal(of({ username: 'a'.repeat(99) }), 'a'.repeat(32))
  t.match(of({}), /^user-[a-z0-9]{6}$/)
  t.match(of({ username: '李', displayName: '🙂', email: 'x@example.com' }), /^user-[a-z0-9]{6}$/)
})

await t.test('every username is one, and every further attempt is new', async (t) => {
  const names = [
    'octocat',
    'a'.repeat(99),
    '\0\0\0',
    "'; DROP TABLE users; --",
    '../../etc',
    'аda',
    '',
  ]
  for (const username of names) {
    const made = new Set<string>()
    for (let attempt = 0; attempt < 50; attempt += 1) {
      const name = usernameFor({ ...NOBODY, username }, attempt)
      t.equal(canonicalUsername(name), name)
      made.add(name)
    }
    t.equal(made.size, 50)
  }
})
