import t from 'tap'
import { isLoopback } from '../../src/util/loopback.js'

await t.test('isLoopback knows the addresses of this machine, and no other', async (t) => {
  for (const host of ['127.0.0.1', '127.8.9.10', 'localhost', 'LocalHost', '::1', '[::1]']) {
    t.equal(isLoopback(host), true, host)
  }
  for (const host of [
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '127.0.0.1.evil.example',
    'localhost.example',
    '',
    '128.0.0.1',
  ]) {
    t.equal(isLoopback(host), false, host)
  }
})
