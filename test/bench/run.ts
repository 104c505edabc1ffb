/** `npm run bench -- NAME …`: runs the named comparisons, or all. Figures are printed, never asserted; what is lost fails. */
import { benchFanout } from './fanout-bench.js'
import { benchBroker } from './broker-bench.js'
import { benchGrpc } from './grpc-bench.js'
import { benchGraphql } from './graphql-bench.js'
import { benchHttp } from './http-bench.js'
import { benchLogin } from './login-bench.js'
import { benchRecovery } from './recovery-bench.js'
import { benchRevocation } from './revocation-bench.js'
import { benchStartup } from './startup-bench.js'
import { benchVerify } from './verify-bench.js'

const BENCHES: Readonly<Record<string, () => Promise<void>>> = {
  fanout: benchFanout,
  broker: benchBroker,
  grpc: benchGrpc,
  graphql: benchGraphql,
  http: benchHttp,
  login: benchLogin,
  recovery: benchRecovery,
  revocation: benchRevocation,
  startup: benchStartup,
  verify: benchVerify,
}

const names = process.argv.slice(2)
const unknown = names.filter((name) => !(name in BENCHES))
if (unknown.length > 0) {
  process.stderr.write(
    `unknown benchmark ${unknown.join(', ')}; known: ${Object.keys(BENCHES).join(', ')}\n`,
  )
  process.exitCode = 2
} else {
  for (const [name, bench] of Object.entries(BENCHES)) {
    if (names.length > 0 && !names.includes(name)) continue
    process.stdout.write(`\n${name} (node ${process.version})\n`)
    await bench()
  }
}
