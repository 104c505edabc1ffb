/** Names of the keys of the session store. */
export interface SessionKeys {
  /** Ordered set of a user's session ids, by the time of sign-in. */
  ofUser(userId: string): string
  /** What the ids of a user's sessions are appended to: the names of their hashes. */
  baseOf(userId: string): string
  /** The hash of one session. */
  ofSession(userId: string, sessionId: string): string
  /** Holds the id of the session's user: the way from a session id to the slot where its hash lies. */
  ofOwner(sessionId: string): string
  /** Ordered set of the ids of sessions that a key has signed, by their absolute ends. */
  ofSigningKey(keyId: string): string
  /** Hash of the ends of a user's sessions that may not be in the log yet: the reasons by session id. */
  endsOf(userId: string): string
  /** Ordered set of the users who may have such ends, by when that was noted. */
  endingUsers(): string
  /** The session whose hash this is; null for any other key. */
  sessionIdOf(key: string): string | null
}

/**
 * Everything of one user carries the same hash tag, so that a script may touch it in one step, also on a
 * Cluster. `prefix` must not contain braces.
 */
export function createSessionKeys(prefix: string): SessionKeys {
  const sessionPrefix = `${prefix}session:`
  // The encoding leaves no brace inside the tag, and the letter keeps it from being empty.
  const tagOf = (userId: string): string => `{u${encodeURIComponent(userId)}}`
  const baseOf = (userId: string): string => `${sessionPrefix}${tagOf(userId)}:`
  return {
    ofUser: (userId) => `${prefix}sessions:${tagOf(userId)}`,
    baseOf,
    ofSession: (userId, sessionId) => baseOf(userId) + sessionId,
    ofOwner: (sessionId) => `${prefix}session-owner:${sessionId}`,
    ofSigningKey: (keyId) => `${prefix}sessions-of-key:${keyId}`,
    endsOf: (userId) => `${prefix}session-ends:${tagOf(userId)}`,
    endingUsers: () => `${prefix}session-ending-users`,
    sessionIdOf(key) {
      if (!key.startsWith(sessionPrefix)) return null
      const end = key.indexOf('}:', sessionPrefix.length)
      return end < 0 ? null : key.slice(end + 2)
    },
  }
}
