import t from 'tap'
import {
  CHANNEL_BYTES_MAX,
  parseChannel,
  personalChannel,
  showChannel,
} from '../../src/realtime/channel-name.js'

await t.test('a channel has a namespace and a name', async (t) => {
  t.strictSame(parseChannel('news:front/page'), {
    channel: 'news:front/page',
    namespace: 'news',
    owners: null,
  })
  t.strictSame(parseChannel('dialog:7#ann,bob').owners, ['ann', 'bob'])
  t.strictSame(parseChannel('dialog:a#b#ann').owners, ['ann'], 'the last # counts')
  t.strictSame(parseChannel(personalChannel('u-1')), {
    channel: 'user:u-1',
    namespace: 'user',
    owners: ['u-1'],
  })
  const longest = `a:${'x'.repeat(CHANNEL_BYTES_MAX - 2)}`
  t.equal(parseChannel(longest).channel, longest)
})

await t.test('whatever else is refused by name', async (t) => {
  const wrong = [
    '',
    'news',
    ':x',
    'news:',
    'News:x',
    '1:x',
    'news:a b',
    'news:é',
    'news:a\n',
    'news:a\0b',
    'news:\u007f',
    'ne\0ws:a',
    'dialog:#ann',
    'dialog:7#',
    'dialog:7#ann,',
    `a:${'x'.repeat(CHANNEL_BYTES_MAX - 1)}`,
  ]
  for (const channel of wrong) {
    t.throws(() => parseChannel(channel), {
      code: 'INVALID_ARGUMENT',
      reason: 'channel_invalid',
      message: `${showChannel(channel)} is not a channel: expected namespace:name, at most 255 visible ASCII characters.`,
    })
  }
})

await t.test('a channel is quoted cut and escaped', async (t) => {
  t.equal(showChannel('a"\u001b'), '"a\\"\\u001b"')
  t.equal(showChannel('x'.repeat(100)), `"${'x'.repeat(64)}…"`)
})
