import { request, type IncomingMessage } from 'node:http'
import { waitFor } from '../../helpers/wait-for.js'

type Json = Record<string, unknown>

export interface StreamClient {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  /** Everything that came, as JSON objects; the body of a refusal too. */
  lines(): Json[]
  line(what: string, matches: (line: Json) => boolean): Promise<Json>
  isEnded(): boolean
  pause(): void
  destroy(): void
}

const PATHS = { sse: '/connection/sse', lines: '/connection/http_stream' } as const

/** Opens a stream with its first commands. */
export async function openStream(
  t: { teardown(action: () => unknown): void },
  port: number,
  kind: keyof typeof PATHS,
  commands: string,
  headers: Record<string, string> = {},
): Promise<StreamClient> {
  const isGet = kind === 'sse'
  const query = isGet ? `?cf_connect=${encodeURIComponent(commands)}` : ''
  const outgoing = request({
    ...{ host: '127.0.0.1', port, agent: false, path: PATHS[kind] + query },
    method: isGet ? 'GET' : 'POST',
    headers: { ...(isGet ? {} : { 'content-type': 'application/json' }), ...headers },
  })
  t.teardown(() => outgoing.destroy())
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve)
    outgoing.once('error', reject)
    outgoing.end(isGet ? undefined : commands)
  })
  let text = ''
  let ended = false
  response.setEncoding('utf8')
  response.on('data', (chunk: string) => (text += chunk))
  response.on('end', () => (ended = true))
  response.on('error', () => (ended = true))
  outgoing.on('error', () => undefined)
  const lines = (): Json[] =>
    text
      .split('\n')
      .slice(0, ended ? undefined : -1)
      .map((line) => line.replace(/^data: /, ''))
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Json)
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    lines,
    line: (what, matches) => waitFor(what, () => lines().find(matches)),
    isEnded: () => ended,
    pause: () => response.pause(),
    destroy: () => outgoing.destroy(),
  }
}

/** Sends commands to a stream by a request of their own. */
export async function emulate(
  port: number,
  body: unknown,
  headers: Record<string, string> = { 'content-type': 'application/json' },
): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}/emulation`, {
    method: 'POST',
    headers,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}
