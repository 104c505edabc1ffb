import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

interface TeardownHost {
  teardown(close: () => unknown): unknown
}

/** A plain web server on a free port of the loopback, closed with the test. */
export async function startWebServer(
  t: TeardownHost,
  handle: (request: IncomingMessage, response: ServerResponse, body: string) => unknown,
): Promise<{ readonly url: string; readonly port: number }> {
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
    request.on('end', () => {
      Promise.resolve(handle(request, response, body)).catch((error: unknown) => {
        response.destroy(error as Error)
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, port }
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}
