import t from 'tap'
import { localReturnPath, withParameter } from '../../src/service/return-path.js'

await t.test('a path of this site is kept', async (t) => {
  for (const path of [
    '/',
    '/app',
    '/app?tab=1&x=%2F#top',
    '/a/b/',
    "/~!$&'()*+,;=:@",
    '/%2F%2Fevil',
  ]) {
    t.equal(localReturnPath(path), path)
  }
  t.equal(localReturnPath('/a/../b/./c'), '/b/c', 'dots are resolved')
})

await t.test('anything else becomes the root', async (t) => {
  const others: unknown[] = [
    ...['', 'app', '//evil.test', '///evil.test', '/\\evil.test', '\\\\evil.test', '/a\\..\\b'],
    ...[
      'https://evil.test',
      'https:evil.test',
      'http:/evil.test',
      'javascript:alert(1)',
      '@evil.test',
    ],
    ...['/a\r\nset-cookie: x=1', '/a\nb', '/a\tb', '/\t/evil.test', '/a b', '/ä', '/\0', ' /a'],
    ...['/..//evil.test', '/.//evil.test', '/a/..//evil.test', '/%2e//evil.test', '//', '/\u2028a'],
    ...[
      `/${'a'.repeat(1024)}`,
      `/${'a'.repeat(8192)}`,
      undefined,
      null,
      1,
      {},
      ['/a', '/b'],
      ['/a'],
    ],
  ]
  for (const other of others)
    t.equal(localReturnPath(other), '/', encodeURIComponent(String(other)).slice(0, 60))
  t.equal(localReturnPath(`/${'a'.repeat(1023)}`).length, 1024)
})

await t.test('a parameter goes into the query, before the fragment', async (t) => {
  t.equal(
    withParameter('/a?b=1#c', 'oauth_error', 'user_frozen'),
    '/a?b=1&oauth_error=user_frozen#c',
  )
  t.equal(withParameter('/', 'oauth_error', 'a b&c'), '/?oauth_error=a+b%26c')
  t.equal(withParameter('/?oauth_error=old', 'oauth_error', 'new'), '/?oauth_error=new')
})
