import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import type { Test } from 'tap'

/** A loopback port on which somebody else listens until the end of the test. */
export async function occupyPort(t: Test): Promise<number> {
  const blocker = createServer().listen(0, '127.0.0.1')
  t.teardown(() => blocker.close())
  await once(blocker, 'listening')
  return (blocker.address() as AddressInfo).port
}
