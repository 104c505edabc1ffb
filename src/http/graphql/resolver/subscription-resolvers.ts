import { createStateFeed, type FedState } from '../../../realtime/state-feed.js'
import type { TabChange, TabView } from '../../../realtime/tab-view.js'
import { AppError } from '../../../errors/app-error.js'
import type { AccountService } from '../../../service/account-service.js'
import type { SessionService } from '../../../service/session-service.js'
import { readAuthState } from '../auth-state.js'
import { createLoaders } from '../loader.js'
import type { OperationContext } from '../operation-context.js'
import type { Resolver } from '../schema.js'

export interface SubscriptionResolversDeps {
  readonly accounts: Pick<AccountService, 'findById'>
  readonly sessions: Pick<SessionService, 'current' | 'list' | 'listForUsers'>
}

/** The feeds behind the subscriptions, each over the one open tab that asked. */
export function createSubscriptionResolvers(
  deps: SubscriptionResolversDeps,
): Readonly<Record<string, Resolver>> {
  const { accounts, sessions } = deps

  function feed<T>(
    context: OperationContext,
    name: string,
    wakes: readonly TabChange[],
    read: (view: TabView) => Promise<FedState<T>>,
  ): AsyncIterable<Record<string, T>> {
    const { view } = context
    if (!view) {
      const message = 'Subscriptions need a WebSocket.'
      throw new AppError('FAILED_PRECONDITION', 'subscription_not_supported', message)
    }
    return createStateFeed({
      watch: (changed) =>
        view.onChange((change) => {
          if (wakes.includes(change)) changed()
        }),
      read: async () => {
        // What was loaded for the state before is not the state of now.
        context.loaders = createLoaders(sessions)
        const { value, isLast } = await read(view)
        return { value: { [name]: value }, isLast }
      },
    })
  }

  return {
    auth: (_root: unknown, _args: unknown, context: OperationContext) =>
      feed(context, 'auth', ['identity', 'profile', 'ended'], async (view) => {
        const value = await readAuthState(sessions, context)
        return { value, isLast: view.isOver() }
      }),
    user: (_root: unknown, _args: unknown, context: OperationContext) =>
      feed(context, 'user', ['identity', 'profile', 'ended'], async () => {
        const { principal } = context.caller()
        const value = principal && (await accounts.findById(principal.userId))
        return { value, isLast: value === null }
      }),
    sessions: (_root: unknown, _args: unknown, context: OperationContext) =>
      feed(context, 'sessions', ['identity', 'sessions', 'ended'], async () => {
        const { principal } = context.caller()
        const value = principal && (await sessions.list(principal))
        return { value, isLast: value === null }
      }),
  }
}
