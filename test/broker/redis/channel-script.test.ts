import t from 'tap'
import {
  HISTORY_SCRIPT,
  POSITIONS_SCRIPT,
  PUBLISH_SCRIPT,
  REMOVE_HISTORY_SCRIPT,
} from '../../../src/broker/redis/channel-script.js'
import { sharedRedis } from '../../helpers/server/redis.js'
import { skipUnless } from '../../helpers/server/service-binary.js'
import { uniqueName } from '../../helpers/server/unique-name.js'

const skip = skipUnless('redis')
const HOUR = '3600000'

await t.test('the scripts of a stream', { skip }, async (t) => {
  const server = await sharedRedis()
  const prefix = `${uniqueName()}:`
  const run = (script: string, keys: readonly string[], args: readonly string[]) =>
    server.command('EVAL', script, `${keys.length}`, ...keys.map((key) => prefix + key), ...args)
  const onKey = (command: string, key: string, ...args: readonly string[]) =>
    server.command(command, prefix + key, ...args)
  const publish = (channel: string, size: string, lifetime: string, body: string) =>
    run(
      PUBLISH_SCRIPT,
      [`${channel}-s`, `${channel}-m`],
      ['PUBLISH', 'epoch', HOUR, channel, '1', 'p', size, lifetime, '0', body],
    )
  const history = (channel: string, ...args: string[]) =>
    run(HISTORY_SCRIPT, [`${channel}-s`, `${channel}-m`], ['fresh', HOUR, ...args])

  await t.test('PUBLISH_SCRIPT takes several channels and keys at once', async (t) => {
    const reply = await run(
      PUBLISH_SCRIPT,
      ['a-s', 'a-m', 'a-key', 'b-s', 'b-m', 'b-key'],
      [
        ...['PUBLISH', 'epoch', HOUR],
        ...[
          'a',
          '3',
          'p',
          '9',
          HOUR,
          HOUR,
          'one',
          'p',
          '9',
          HOUR,
          '0',
          'two',
          'j',
          '0',
          '0',
          '0',
          'x',
        ],
        ...['b', '1', 'p', '0', '0', HOUR, 'plain'],
      ],
    )
    t.strictSame(reply, ['1 epoch', 0, '2 epoch', 0, '', 0, '', 0])
    t.equal(await onKey('GET', 'a-key'), '1 epoch')
    t.equal(await onKey('GET', 'b-key'), '')
    t.equal(await onKey('EXISTS', 'b-s', `${prefix}b-m`), 0, 'nothing is kept without history')
    for (const key of ['a-s', 'a-m', 'a-key', 'b-key']) {
      t.ok(Number(await onKey('PTTL', key)) > 3_500_000, key)
    }
  })

  await t.test(
    'PUBLISH_SCRIPT keeps a stream as long as the longest of its publications',
    async (t) => {
      await publish('ttl', '9', HOUR, 'long')
      await publish('ttl', '9', '1000', 'short')
      t.ok(Number(await onKey('PTTL', 'ttl-s')) > 3_500_000)
    },
  )

  await t.test('PUBLISH_SCRIPT clears away what a lost stream has left', async (t) => {
    await onKey('XADD', 'lost-s', '100-0', 'b', 'old', 't', '9999999999999')
    t.strictSame(await publish('lost', '9', HOUR, 'new'), ['1 epoch', 0])
    t.equal(await onKey('XLEN', 'lost-s'), 1)
  })

  await t.test('HISTORY_SCRIPT leaves out what has run out, wherever it stands', async (t) => {
    for (let id = 1; id <= 9; id += 1) {
      const ends = id % 3 === 0 ? '1' : '9999999999999'
      await onKey('XADD', 'gaps-s', `${id}-0`, 'b', `${id}`, 't', ends)
    }
    await onKey('HSET', 'gaps-m', 'e', 'epoch', 'o', '9')
    const most = '9007199254740991'
    t.strictSame(await history('gaps', '0', most, '3', '0'), [
      ...['epoch', '9', '1', '1', '2', '2', '4', '4'],
    ])
    t.strictSame(await history('gaps', '0', most, '3', '1'), [
      ...['epoch', '9', '8', '8', '7', '7', '5', '5'],
    ])
    t.strictSame(await history('gaps', '0', '3', '9', '1'), ['epoch', '9', '2', '2', '1', '1'])
    t.strictSame(await history('gaps', '0', '1', '9', '1'), ['epoch', '9'])
    t.equal(await run(REMOVE_HISTORY_SCRIPT, ['gaps-s'], []), 1)
    t.strictSame(await history('gaps', '0', most, '9', '0'), ['epoch', '9'])
  })

  await t.test('HISTORY_SCRIPT makes a stream, and POSITIONS_SCRIPT finds it', async (t) => {
    const positions = () => run(POSITIONS_SCRIPT, ['new-m', 'absent-m'], [])
    t.strictSame(await positions(), ['', '', '', ''])
    t.strictSame(await history('new', '0', '9', '9', '0'), ['fresh', '0'])
    t.strictSame(await positions(), ['fresh', '0', '', ''])
  })
})
