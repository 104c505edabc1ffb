import t from 'tap'
import { Batch } from '../../src/realtime/batch.js'

await t.test('a batch is encoded once for each transport', async (t) => {
  const batch = new Batch('a:x', [], 'all')
  const encoders = [1, 2, 3].map((byte) => ({
    calls: 0,
    encode() {
      this.calls += 1
      return Uint8Array.of(byte)
    },
  }))
  for (let turn = 0; turn < 3; turn += 1) {
    for (const [index, encoder] of encoders.entries()) {
      t.strictSame(batch.bytesFor(encoder), Uint8Array.of(index + 1))
    }
  }
  t.strictSame(
    encoders.map(({ calls }) => calls),
    [1, 1, 1],
  )
})
