/**
 * http-load.js PLAN: autocannon, as a process that never sleeps while requests are out. A client that sleeps has to be
 * woken by the server's write, which is the kernel's work in the server's time, and falls on whichever server is slower
 * than the client; a client on another machine costs neither anything. Prints one line of JSON.
 */
import autocannon, { type Result } from 'autocannon'
import type { LoadPlan, LoadResult } from './child.js'

const { url, requests, connections, headers, body } = JSON.parse(
  process.argv[2] ?? '{}',
) as LoadPlan
let isOut = true
const stayAwake = (): void => void (isOut && setImmediate(stayAwake))
stayAwake()
const startedAt = performance.now()
let answeredAt = startedAt
const options = {
  ...{ url, connections, amount: requests, headers: { ...headers } },
  ...(body === undefined ? {} : { method: 'POST' as const, body }),
}
const result = await new Promise<Result>((resolve, reject) => {
  const run = autocannon(options, (error: Error | null, whole) =>
    error ? reject(error) : resolve(whole),
  )
  // It ends with the next full second, and its rates are by full seconds.
  run.on('response', () => (answeredAt = performance.now()))
})
isOut = false
const answered = result.requests.total
const told: LoadResult = {
  requests: answered,
  requestsPerSecond: (answered / (answeredAt - startedAt)) * 1_000,
  errors: result.errors + result.non2xx,
}
process.stdout.write(`${JSON.stringify(told)}\n`)
