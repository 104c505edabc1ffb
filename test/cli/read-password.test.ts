import { PassThrough, Readable } from 'node:stream'
import t from 'tap'
import { promptPassword, readPasswordLine } from '../../src/cli/read-password.js'
import { waitFor } from '../helpers/wait-for.js'
import { createFakeIo, createFakeTerminal } from './fake-cli.js'

function inputOf(...chunks: (string | Buffer)[]): Readable {
  return Readable.from(chunks.map((chunk) => Buffer.from(chunk)))
}

await t.test('readPasswordLine takes the first line without its end', async (t) => {
  t.equal(await readPasswordLine(inputOf('secret\n')), 'secret')
  t.equal(await readPasswordLine(inputOf('secret\r\n')), 'secret')
  t.equal(await readPasswordLine(inputOf('secret')), 'secret', 'an end of input ends the line')
  t.equal(await readPasswordLine(inputOf('sec', 'ret\nmore\n')), 'secret')
  t.equal(await readPasswordLine(inputOf(' spaces stay \n')), ' spaces stay ')
  t.equal(await readPasswordLine(Readable.from(['text'])), 'text')
  const split = Buffer.from('pässwörd\n')
  t.equal(await readPasswordLine(inputOf(split.subarray(0, 2), split.subarray(2))), 'pässwörd')
})

await t.test('readPasswordLine does not wait for more than the line', async (t) => {
  const open = new PassThrough()
  open.write('secret\n')
  t.equal(await readPasswordLine(open), 'secret')
  t.ok(open.destroyed, 'nothing is left open')
})

await t.test('readPasswordLine has a bound', async (t) => {
  const longest = 'x'.repeat(1024)
  t.equal(await readPasswordLine(inputOf(`${longest}\r\n`)), longest)
  const tooLong = {
    code: 'INVALID_ARGUMENT',
    message: 'A password has at most 1024 bytes.',
    details: [{ path: 'password', message: 'A password has at most 1024 bytes.' }],
  }
  await t.rejects(readPasswordLine(inputOf(`${longest}x\n`)), tooLong)
  await t.rejects(readPasswordLine(inputOf(`${longest}xyz\n`)), tooLong)
  const endless = new PassThrough()
  endless.write('x'.repeat(5000))
  await t.rejects(readPasswordLine(endless), tooLong, 'without waiting for the end')
})

await t.test('readPasswordLine refuses nothing and what is not UTF-8', async (t) => {
  for (const text of ['', '\n', '\r\n', '\nsecret\n']) {
    await t.rejects(readPasswordLine(inputOf(text)), {
      code: 'INVALID_ARGUMENT',
      message: 'No password came on standard input.',
    })
  }
  await t.rejects(readPasswordLine(inputOf(Buffer.from([0xff, 0xfe, 0x0a]))), {
    code: 'INVALID_ARGUMENT',
    message: 'The password on standard input is not UTF-8.',
  })
})

await t.test('promptPassword asks twice without echo', async (t) => {
  const stdin = createFakeTerminal()
  const io = createFakeIo({ stdin })
  const answer = promptPassword(io)
  stdin.write('sec')
  stdin.write('rex\u007ft\r')
  await waitFor('the second question', () => io.errors().includes('again'))
  stdin.write('secret\n')
  t.equal(await answer, 'secret')
  t.equal(io.errors(), 'Password: \nPassword again: \n')
  t.equal(io.output(), '')
  t.same(stdin.modes, [true, false], 'the terminal echoes again')
})

await t.test('promptPassword takes both answers in one piece', async (t) => {
  const stdin = createFakeTerminal()
  stdin.write('pässwörd\rpässwörd\r')
  t.equal(await promptPassword(createFakeIo({ stdin })), 'pässwörd')
})

await t.test('promptPassword takes a terminal that speaks text', async (t) => {
  const stdin = createFakeTerminal()
  stdin.setEncoding('utf8')
  stdin.write('secret\rsecret\r')
  t.equal(await promptPassword(createFakeIo({ stdin })), 'secret')
})

await t.test('promptPassword refuses answers that differ or are empty or long', async (t) => {
  const cases = [
    ['one\rtwo\r', 'The two passwords differ.'],
    ['\r\r', 'The password is empty.'],
    [`${'x'.repeat(1025)}\r`, 'A password has at most 1024 bytes.'],
  ] as const
  for (const [keys, message] of cases) {
    const stdin = createFakeTerminal()
    stdin.write(keys)
    await t.rejects(promptPassword(createFakeIo({ stdin })), { code: 'INVALID_ARGUMENT', message })
    t.same(stdin.modes, [true, false])
  }
})

await t.test(
  'promptPassword gives up on Ctrl-C, Ctrl-D and a terminal that goes away',
  async (t) => {
    const expected = { code: 'CANCELLED', reason: 'cancelled', message: 'No password was given.' }
    for (const key of ['\u0003', '\u0004']) {
      const stdin = createFakeTerminal()
      stdin.write(`ab${key}`)
      await t.rejects(promptPassword(createFakeIo({ stdin })), expected)
      t.same(stdin.modes, [true, false])
    }
    const gone = createFakeTerminal()
    gone.end('ab')
    await t.rejects(promptPassword(createFakeIo({ stdin: gone })), expected)
  },
)

await t.test('promptPassword wants a terminal', async (t) => {
  await t.rejects(promptPassword(createFakeIo({ stdin: 'secret\n' })), {
    code: 'INVALID_ARGUMENT',
    message: 'No terminal to ask for the password: pipe it in and add --password-stdin.',
  })
})
