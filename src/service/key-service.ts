import type { Broker } from '../domain/broker.js'
import type { Logger } from '../domain/logger.js'
import type { KeyAdmin, KeyAlgorithm, KeyInfo } from '../domain/token.js'
import type { AuditType } from '../domain/audit.js'
import type { AuditTrail } from './audit-trail.js'
import { type EndResult, NOBODY, type SessionEnder } from './session-ender.js'

export interface BurnResult {
  readonly key: KeyInfo
  /** The sessions that it had signed. `processes` are those that refuse its tokens from now on. */
  readonly end: EndResult
}

/** The signing keys, as an operator changes them; every change is written down. */
export interface KeyService extends Omit<KeyAdmin, 'burn'> {
  /**
   * Removes a key that is no longer to be trusted: every process refuses its tokens at once, and the sessions whose
   * newest tokens it signed are ended with reason `key_burned`. A process that does not hear of it finds out at its
   * next look at the keys. Raises NOT_FOUND (`key_not_found`).
   */
  burn(keyId: string, algorithm: KeyAlgorithm): Promise<BurnResult>
}

export interface KeyServiceDeps {
  readonly keys: KeyAdmin
  readonly broker: Broker
  readonly ender: SessionEnder
  readonly auditTrail: AuditTrail
  readonly logger: Logger
  /** How long to wait for the other processes to answer. */
  readonly surveyTimeoutMs: number
}

export function createKeyService(deps: KeyServiceDeps): KeyService {
  const { keys, ender } = deps
  return {
    list: () => keys.list(),
    generate: async (algorithm) => recorded(deps, 'key.generated', await keys.generate(algorithm)),
    rotate: async (options) => recorded(deps, 'key.rotated', await keys.rotate(options)),
    retire: async (keyId) => recorded(deps, 'key.retired', await keys.retire(keyId)),
    async burn(keyId, algorithm) {
      const key = await keys.burn(keyId, algorithm)
      const processes = await tellProcesses(deps, keyId)
      await recorded(deps, 'key.burned', key)
      const { ended, connectionsClosed } = await ender.end(
        { by: 'key', keyId },
        'key_burned',
        NOBODY,
      )
      return { key, end: { ended, connectionsClosed, processes } }
    },
  }
}

async function tellProcesses(
  { broker, logger, surveyTimeoutMs }: KeyServiceDeps,
  keyId: string,
): Promise<EndResult['processes']> {
  try {
    const survey = await broker.survey('keys_burned', { keyIds: [keyId] }, surveyTimeoutMs)
    if (survey.missing.length > 0) {
      logger.warn({ missing: survey.missing, keyId }, 'a process did not confirm a burned key')
    }
    return { asked: survey.asked, answered: survey.answers.length }
  } catch (error) {
    logger.error({ err: error, keyId }, 'cannot tell that a key was burned')
    return { asked: 0, answered: 0 }
  }
}

async function recorded(
  { auditTrail }: KeyServiceDeps,
  type: AuditType & `key.${string}`,
  key: KeyInfo,
): Promise<KeyInfo> {
  const { id: keyId, algorithm } = key
  await auditTrail.record({
    ...{ type, ...NOBODY },
    userId: null,
    sessionId: null,
    data: { keyId, algorithm },
  })
  return key
}
