import type { SurveyAnswer, SurveyHandlers, SurveyRequest } from '../domain/broker.js'
import type { SessionStore } from '../domain/session.js'
import type { KeyDropper } from '../domain/token.js'
import { ERROR_TABLE } from '../errors/code.js'
import type { ClientRegistry } from '../realtime/client-registry.js'
import type { EmulationSessions } from '../realtime/emulation-sessions.js'
import type { Hub } from '../realtime/hub.js'
import type { DeliveryCounts, ReceiptLog } from '../realtime/receipt-log.js'
import type { AuthObservers } from '../realtime/auth-observers.js'
import type { SessionHandles } from '../realtime/session-handles.js'
import type { UserDirectory } from './user-directory.js'

/** With what connections are closed that a server drops. */
const DROP_REASON = 'dropped'
const SECOND_MS = 1_000
const NOTHING_DELIVERED: DeliveryCounts = { written: 0, queued: 0, dropped: 0 }

export interface SurveyHandlersDeps {
  readonly processId: string
  readonly handles: SessionHandles
  readonly sessionStore: Pick<SessionStore, 'forget'>
  readonly userDirectory: Pick<UserDirectory, 'forget'>
  /** Whether nothing that is open here can outlive its session unnoticed at this moment. */
  readonly isSure: () => boolean
  /** The open tabs of this process that want to hear of changes. */
  readonly observers: Pick<AuthObservers, 'tell'>
  /** The connections of this process that registered for pushes. */
  readonly hub: Pick<Hub, 'deliver' | 'drop'>
  readonly clients: ClientRegistry
  readonly channels: {
    isOpen(channel: string): boolean
    channelCount(): number
    subscriptionCount(): number
  }
  readonly receipts: ReceiptLog
  readonly emulation: Pick<EmulationSessions, 'receive'>
  /** Hears of writes of other processes where replicas may be stale; absent where nothing can be. */
  readonly noteWrite?: ((userIds: readonly string[] | null) => void) | null
  /** Who reads the log of ended sessions in this process: told that there is something new in it. */
  readonly revocations?: { nudge(): void }
  /** The keys of this process. */
  readonly keys: KeyDropper
}

/** What this process does and answers when another one (or itself) asks all of them. */
export function createSurveyHandlers(deps: SurveyHandlersDeps): SurveyHandlers {
  const { processId, hub, clients, channels, observers, isSure, keys } = deps
  const startedAtMs = performance.now()
  return {
    sessions_ended: ({ sessions }) => ({ connectionsClosed: endSessions(deps, sessions) }),
    auth_changed: ({ change }) => ({ told: observers.tell(change) }),
    push: ({ userId, event, message }) => {
      if (!isSure()) return { delivered: 0 }
      const { written, queued, dropped } = hub.deliver(userId, event, message)
      return { delivered: written, queued, dropped }
    },
    drop: ({ userId, event }) => ({
      connections: hub.drop(
        event === undefined ? { userId } : { userId, event },
        ERROR_TABLE.CANCELLED.closeCode,
        DROP_REASON,
      ),
    }),
    count_connections: ({ sessionIds }) => {
      const counts = sessionIds.map((id) => [id, deps.handles.count(id)] as const)
      // Most sessions have nothing open in most processes: an id that is missing counts as none.
      return { bySession: Object.fromEntries(counts.filter(([, count]) => count > 0)) }
    },
    users_changed: ({ userIds }) => {
      deps.noteWrite?.(userIds)
      deps.userDirectory.forget(userIds)
      return {}
    },
    keys_burned: ({ keyIds }) => ({ dropped: keys.drop(keyIds) }),
    clients: (order) => ({ connections: obey(clients, order) }),
    receipt: (request) => ({ processId, counts: countsOf(deps, request) }),
    process_info: () => ({
      processId,
      connections: clients.clientCount(),
      users: clients.userCount(),
      subscriptions: channels.subscriptionCount(),
      channels: channels.channelCount(),
      uptimeSeconds: Math.floor((performance.now() - startedAtMs) / SECOND_MS),
    }),
    emulate: (request) => ({
      processId,
      isHandled:
        request.processId === processId && deps.emulation.receive(request.session, request.data),
    }),
  }
}

/** Everything in this process that lives by these sessions; how many connections there were. */
function endSessions(
  { handles, sessionStore, revocations, observers }: SurveyHandlersDeps,
  sessions: SurveyRequest<'sessions_ended'>['sessions'],
): number {
  // The store tells this process too, by another way, which may be the slower one.
  sessionStore.forget(sessions.map(({ id }) => id))
  const connectionsClosed = handles.end(sessions)
  revocations?.nudge()
  for (const userId of new Set(sessions.map((session) => session.userId))) {
    observers.tell({ type: 'sessions_changed', userId })
  }
  return connectionsClosed
}

function obey(clients: ClientRegistry, order: SurveyRequest<'clients'>): number {
  const reached = clients.match(order)
  switch (order.action) {
    case 'subscribe':
      for (const client of reached) client.subscribe(order.channel)
      return reached.length
    case 'unsubscribe':
      return reached.filter((client) => client.unsubscribe(order.channel)).length
    case 'disconnect':
      for (const client of reached) client.disconnect(order.code, order.reason)
      return reached.length
  }
}

/** A process where nobody listens has delivered to nobody, and need not wait for the publication. */
function countsOf(
  { receipts, channels }: SurveyHandlersDeps,
  { receiptId, channel }: SurveyRequest<'receipt'>,
): SurveyAnswer<'receipt'>['counts'] {
  const counts = receipts.find(receiptId)
  return counts ?? (channels.isOpen(channel) ? null : NOTHING_DELIVERED)
}
