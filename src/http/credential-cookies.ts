import type { FastifyReply } from 'fastify'
import type { SignIn } from '../service/session-service.js'
import { cookieNames, writeCookie } from './cookie.js'

/** Hands the tokens to a browser in cookies that its scripts cannot read. */
export function setCredentialCookies(reply: FastifyReply, signIn: SignIn, secure: boolean): void {
  const names = cookieNames(secure)
  writeCookie(reply, names.access, signIn.accessToken, {
    maxAgeSeconds: signIn.expiresInSeconds,
    sameSite: 'lax',
    secure,
  })
  // Only our own pages refresh, so this one never travels with a link from elsewhere.
  writeCookie(reply, names.refresh, signIn.refreshToken, {
    maxAgeSeconds: signIn.refreshExpiresInSeconds,
    sameSite: 'strict',
    secure,
  })
}

/** Takes the tokens back from a browser. */
export function clearCredentialCookies(reply: FastifyReply, secure: boolean): void {
  const names = cookieNames(secure)
  writeCookie(reply, names.access, '', { maxAgeSeconds: 0, sameSite: 'lax', secure })
  writeCookie(reply, names.refresh, '', { maxAgeSeconds: 0, sameSite: 'strict', secure })
}
