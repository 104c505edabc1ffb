import { createCredentialService } from '../../src/service/credential-service.js'
import { createKeyService } from '../../src/service/key-service.js'
import { createTokenInspectionService } from '../../src/service/token-inspection-service.js'
import { createUserAdminService } from '../../src/service/user-admin-service.js'
import type { KeyAdmin, KeyInfo } from '../../src/domain/token.js'
import { createMemoryOneTimeStore } from './memory-one-time-store.js'
import { createMemoryTransactionRunner } from './memory-transaction-runner.js'
import { createSessionHouse, LAPTOP, PHONE } from './session-house.js'

export const RESET_SECONDS = 3600
export const OPERATOR = { actorId: 'root', address: '192.0.2.9' }

/** The services around accounts on the session house, with ada signed in on two browsers. */
export async function createAccountHouse(overrides: { readonly resetUrl?: string } = {}) {
  const house = createSessionHouse()
  const oneTimeValues = createMemoryOneTimeStore()
  const transactions = createMemoryTransactionRunner()
  const deps = { ...house.deps, oneTimeValues, transactions }
  const credentials = createCredentialService({
    ...deps,
    isCommonPassword: (password) => password === 'iloveyou1',
    resetLinkSeconds: RESET_SECONDS,
    resetUrl: overrides.resetUrl ?? '',
  })
  const laptop = await house.login(LAPTOP)
  house.clock.advance(1000)
  const phone = await house.login(PHONE)
  const principal = await house.authenticate(laptop.accessToken)
  house.auditLog.events.length = 0
  house.passwordHasher.verified.length = 0
  return {
    ...house,
    transactions,
    credentials,
    userAdmin: createUserAdminService(deps),
    inspection: createTokenInspectionService({ ...deps, authentication: house.authentication }),
    keyService: (keys: KeyAdmin) => createKeyService({ ...deps, keys }),
    laptop,
    phone,
    principal,
    /** Why a session is over; null while it lives. */
    reasonOf: async (sessionId: string) => {
      const check = await house.sessionStore.check(sessionId, house.clock.now())
      return check.alive ? null : check.reason
    },
    eventTypes: () => house.auditLog.events.map(({ type }) => type),
  }
}

/** Key administration that answers with one key and keeps its calls. */
export function createFakeKeyAdmin(keyId: string): KeyAdmin & { readonly calls: unknown[][] } {
  const calls: unknown[][] = []
  const key: KeyInfo = {
    id: keyId,
    algorithm: 'EdDSA',
    status: 'current',
    createdAt: 0,
    signsFrom: 0,
  }
  const note =
    (name: string) =>
    async (...args: unknown[]): Promise<KeyInfo> => {
      calls.push([name, ...args])
      return key
    }
  return {
    calls,
    list: async () => [key],
    generate: note('generate'),
    rotate: note('rotate'),
    retire: note('retire'),
    burn: note('burn'),
  }
}
