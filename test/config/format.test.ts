import t from 'tap'
import { FORMATS, type FormatName } from '../../src/config/format.js'

const CASES: Readonly<Record<FormatName, { good: string[]; bad: string[] }>> = {
  name: { good: ['gatehouse', 'https://id.example.com'], bad: ['', '  ', 'a\nb'] },
  path: { good: ['data', '/var/lib/app', './x y'], bad: ['', ' ', 'a\0b'] },
  'optional-path': { good: ['', 'keys'], bad: [' ', '\0'] },
  host: {
    good: ['127.0.0.1', '::', '::1', 'localhost', 'app.example.com', 'app_http', '0.0.0.0'],
    bad: ['', '300.1.2.3', '[::1]', 'a b', 'http://x', 'a..b', '-a', 'x:80', 'a'.repeat(254)],
  },
  'optional-host-port': {
    good: ['', 'localhost:9090', '10.0.0.1:1', '[::1]:9090', 'grpc:0'],
    bad: ['localhost', ':9090', 'a:', 'a:99999', '::1:9090', '[x]:1', '[1.2.3.4]:1', 'dns:///a:1'],
  },
  origin: {
    good: ['https://app.example.com', 'http://localhost:3000', 'http://[::1]:8080'],
    bad: [
      '',
      '*',
      'https://a.b/',
      'https://a.b/path',
      'a.b',
      'https://A.b',
      'ws://a.b',
      'https://',
    ],
  },
  'address-range': {
    good: ['10.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8', '0.0.0.0/0'],
    bad: ['', '10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/x', '10.*.*.*', 'localhost', '/8'],
  },
  'address-pattern': {
    good: ['192.168.*.*', '*.*.*.*', '10.0.0.1', '10.0.0.0/8', 'fd00::/8'],
    bad: ['192.168.*', '*', '1.2.3.*.*', '1.2.3.4*', '300.*.*.*', ''],
  },
  'api-key': { good: ['', 'dev-api-key', '!~'], bad: ['a b', 'ä', 'a\n'] },
  'optional-name': { good: ['', 'default', 'p@ss word'], bad: ['a\nb', '\u0000'] },
  'mysql-url': {
    good: ['mysql://app:pw@db/house', 'mariadb://app:p%40w@[::1]:3307/house'],
    bad: [
      '',
      'mysql://db',
      'mysql://db/',
      'mysql:///house',
      'mysql://db/a/b',
      'mysql://db/a?ssl=1',
    ],
  },
  'optional-mysql-url': {
    good: ['', 'mysql://app:pw@db:3306/house'],
    bad: ['postgres://db/house', 'mysql://db:x/house'],
  },
  'redis-url': {
    good: ['redis://127.0.0.1:6379', 'rediss://user:pw@redis.example:6380/2', 'redis://[::1]:6379'],
    bad: ['', '127.0.0.1:6379', 'http://127.0.0.1:6379', 'redis://', 'redis:///x', 'redis://a:x'],
  },
  'key-prefix': { good: ['', 'gatehouse:', 'a.b_c-1:'], bad: ['{a}', 'a b', 'ä'] },
  'cookie-secret': { good: ['', 'x'.repeat(32)], bad: ['x'.repeat(31)] },
}

await t.test('each format accepts what it promises and nothing else', async (t) => {
  for (const [name, { good, bad }] of Object.entries(CASES)) {
    const format = FORMATS[name as FormatName]
    for (const value of good) t.ok(format.test(value), `${name} takes ${JSON.stringify(value)}`)
    for (const value of bad) t.notOk(format.test(value), `${name} refuses ${JSON.stringify(value)}`)
    t.not(format.expectation, '')
  }
})
