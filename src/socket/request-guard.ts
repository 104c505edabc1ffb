import type { onRequestAsyncHookHandler, onRequestHookHandler } from 'fastify'

/** A Fastify hook of either form that lets a request pass or refuses it, by its headers alone. */
export type RequestGuard = onRequestHookHandler | onRequestAsyncHookHandler
