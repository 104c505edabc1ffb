import type { EventEmitter } from 'node:events'
import * as library from 'ws'

interface Receiver extends EventEmitter {
  write(bytes: Uint8Array): void
  end(done: () => void): void
}

/** The receiver of the library, which its types do not name. */
const { Receiver } = library as unknown as {
  Receiver: new (options: { isServer: boolean }) => Receiver
}

export interface ReadMessage {
  readonly data: Buffer
  readonly isBinary: boolean
}

/** The messages in the bytes that a server sends, as another library reads them. */
export async function readFrames(bytes: Uint8Array): Promise<ReadMessage[]> {
  const receiver = new Receiver({ isServer: false })
  const messages: ReadMessage[] = []
  receiver.on('message', (data: Buffer, isBinary: boolean) => messages.push({ data, isBinary }))
  receiver.write(bytes)
  await new Promise<void>((resolve, reject) => {
    receiver.once('error', reject)
    receiver.end(resolve)
  })
  return messages
}
