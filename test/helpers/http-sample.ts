/** What the fakes of the HTTP services hand out. */
import type { Session } from '../../src/domain/session.js'
import type { User } from '../../src/domain/user.js'
import type { EndResult, SignIn } from '../../src/service/session-service.js'

export const ALICE: User = {
  id: 'user-1',
  username: 'alice',
  displayName: 'Alice',
  email: null,
  avatarUrl: null,
  gender: 'unknown',
  role: 'user',
  state: 'active',
  createdAt: Date.UTC(2026, 0, 1),
}
export const SESSION: Session = {
  id: 'session-1',
  userId: ALICE.id,
  clientId: 'client-1',
  method: 'password',
  userAgent: 'test',
  address: '127.0.0.1',
  createdAt: Date.UTC(2026, 0, 1),
  lastSeenAt: Date.UTC(2026, 0, 2),
  idleExpiresAt: Date.UTC(2026, 0, 9),
  expiresAt: Date.UTC(2026, 0, 31),
}
export const SIGN_IN: SignIn = {
  accessToken: 'access-1',
  refreshToken: 'refresh-1',
  expiresInSeconds: 600,
  refreshExpiresInSeconds: 2_592_000,
  sessionId: SESSION.id,
  user: ALICE,
}
export const END_RESULT: EndResult = {
  ended: 1,
  connectionsClosed: 2,
  processes: { asked: 3, answered: 3 },
}

export type Call = readonly [name: string, ...args: unknown[]]
