import { closeFrameOf } from '../close-frame.js'
import type { ConnectionHandler, SocketConnection } from '../connection.js'
import { parseJson, readMembers } from '../json-member.js'

const ECHO_PREFIX = 'recv data:'
const ECHO_PREFIX_BYTES = Buffer.from(ECHO_PREFIX)

/**
 * The echo protocol. Text `<message>` is answered by text `recv data:<message>`, a binary frame by a binary
 * one with the same prefix, and the JSON object `{"name","age"}` (both strings) by
 * `{"data":{"message":"recv msg：<name>_<age>"}}` with a full-width colon.
 */
export function createEchoProtocol(): ConnectionHandler {
  return { receive, tick: () => {}, closeFrame: closeFrameOf, release: () => {} }
}

function receive(connection: SocketConnection, data: Buffer, isBinary: boolean): void {
  if (isBinary) {
    connection.sendBinary(Buffer.concat([ECHO_PREFIX_BYTES, data]))
    return
  }
  const text = data.toString()
  connection.send(greetingOf(text) ?? ECHO_PREFIX + text)
}

function greetingOf(text: string): string | null {
  const members = readMembers(parseJson(text))
  const name = members?.get('name')
  const age = members?.get('age')
  if (typeof name !== 'string' || typeof age !== 'string') return null
  return JSON.stringify({ data: { message: `recv msg：${name}_${age}` } })
}
