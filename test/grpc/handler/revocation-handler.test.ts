import t from 'tap'
import { ANYBODY } from '../../../src/grpc/caller.js'
import { createWatchRevocationsHandler } from '../../../src/grpc/handler/revocation-handler.js'
import type { FeedEvent } from '../../../src/service/revocation-feed.js'

await t.test('WatchRevocations tells each event of the feed with its position', async (t) => {
  const events: FeedEvent[] = [
    { type: 'started', snapshot: true, position: 'p0' },
    {
      type: 'revocations',
      revocations: [{ number: 1, id: 's', userId: 'u', reason: 'logged_out', endedAt: 1_500 }],
      position: 'p1',
    },
    { type: 'caught-up', position: 'p1' },
    { type: 'heartbeat', position: 'p1' },
  ]
  const asked: string[] = []
  const handler = createWatchRevocationsHandler({
    revocations: {
      rememberSeconds: 600,
      heartbeatIntervalMs: 10,
      nudge: () => undefined,
      async *watch(resumeAfter) {
        asked.push(resumeAfter)
        yield* events
        throw new Error('over')
      },
    },
  })
  const { signal } = new AbortController()
  const seen: unknown[] = []
  await t.rejects(async () => {
    const context = { requestId: 'r', caller: ANYBODY, signal }
    for await (const message of handler({ resumeAfter: 'here' }, context)) seen.push(message)
  }, /over/)
  t.strictSame(asked, ['here'])
  const endedAt = { seconds: 1, nanos: 500_000_000 }
  const revocations = [{ sessionId: 's', userId: 'u', reason: 'logged_out', endedAt }]
  t.strictSame(seen, [
    {
      position: 'p0',
      started: { snapshot: true, rememberSeconds: 600, heartbeatIntervalMs: 10 },
    },
    { position: 'p1', revocations: { revocations } },
    { position: 'p1', caughtUp: {} },
    { position: 'p1', heartbeat: {} },
  ])
})
