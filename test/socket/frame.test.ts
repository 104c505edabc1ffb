import t from 'tap'
import { binaryFrame, textFrame } from '../../src/socket/frame.js'
import { readFrames } from './frame-reader.js'

async function read(frame: Buffer) {
  const [message, ...more] = await readFrames(frame)
  if (!message || more.length > 0) throw new Error('not one message')
  return message
}

await t.test('frames of every length are read by another library', async (t) => {
  for (const length of [0, 1, 125, 126, 65_535, 65_536, 70_000]) {
    const text = 'x'.repeat(length)
    const { data, isBinary } = await read(textFrame(text))
    t.equal(isBinary, false)
    t.ok(data.toString() === text, `${length} bytes of text`)
    const bytes = Buffer.alloc(length, 7)
    const binary = await read(binaryFrame(bytes))
    t.equal(binary.isBinary, true)
    t.ok(binary.data.equals(bytes), `${length} bytes`)
  }
})

await t.test('lengths are counted in bytes', async (t) => {
  const text = 'é€😀'.repeat(20)
  t.equal((await read(textFrame(text))).data.toString(), text)
})
