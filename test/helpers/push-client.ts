import type { Test } from 'tap'
import { WebSocket } from 'ws'

export interface PushClient {
  readonly socket: WebSocket
  /** Text frames in order of arrival. */
  readonly received: string[]
  /** Resolves with the close frame. */
  readonly closed: Promise<{ code: number; reason: string }>
}

/** Opens `/ws`, registers for an event and waits for the acknowledgement. */
export async function openPushClient(
  t: Test,
  socketAddress: string,
  registration: { token: string; event: string },
): Promise<PushClient> {
  const socket = new WebSocket(`ws://${socketAddress}/ws`)
  t.teardown(() => socket.terminate())
  const received: string[] = []
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }))
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.once('message', () => {
      socket.on('message', (data: Buffer) => received.push(data.toString()))
      resolve()
    })
    socket.once('open', () => socket.send(JSON.stringify({ ...registration, ack: true })))
    void closed.then(({ code, reason }) => reject(new Error(`closed ${code} ${reason}`)))
  })
  socket.on('error', () => undefined)
  return { socket, received, closed }
}
