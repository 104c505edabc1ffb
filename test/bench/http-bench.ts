/**
 * The authenticated route (`GET /home`: token, session, user) against the same answer from a bare Fastify
 * route, and our public route (`GET /hello`). CPU per request of the server's process first.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'
import { appEnv, BINARY } from '../helpers/app-process.js'
import { registerAndLogin } from '../helpers/http-client.js'
import { load, serve } from './child.js'
import { compareCpu } from './compare-cpu.js'

const SECONDS = 3
const CONNECTIONS = 32

export async function benchHttp(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  const env = appEnv({ dataDir }) as Record<string, string>
  const bare = await serve([`${PACKAGE_ROOT}dist/test/bench/bare-server.js`])
  const ours = await serve([BINARY, 'http'], env)
  try {
    const url = `http://${ours.addresses['http']}`
    const { accessToken } = await registerAndLogin(url, 'ada')
    const run =
      (target: string, headers: Record<string, string> = {}) =>
      () =>
        load(target, { seconds: SECONDS, connections: CONNECTIONS, headers })
    await compareCpu('bare route', {
      'bare route': { pid: bare.pid, run: run(`http://${bare.addresses['bare']}/home`) },
      'authenticated /home': {
        pid: ours.pid,
        run: run(`${url}/home`, { authorization: `Bearer ${accessToken}` }),
      },
      'public /hello': { pid: ours.pid, run: run(`${url}/hello`) },
    })
  } finally {
    await Promise.all([bare.stop(), ours.stop()])
    rmSync(dataDir, { recursive: true, force: true })
  }
}
