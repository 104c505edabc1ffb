/** Fakes of the services that change accounts: each notes its calls in the order they came. */
import { sessionOver } from '../../src/domain/session.js'
import { userNotFound } from '../../src/domain/user.js'
import { AppError } from '../../src/errors/app-error.js'
import type { AccountService } from '../../src/service/account-service.js'
import type { CredentialService } from '../../src/service/credential-service.js'
import type { OauthService } from '../../src/service/oauth-service.js'
import type { UserAdminService } from '../../src/service/user-admin-service.js'
import { ALICE, type Call, END_RESULT, SIGN_IN } from './http-sample.js'

/** An account service that notes its calls; the name `taken` is taken, the name `bug` hits a bug. */
export function createFakeAccounts(calls: Call[] = []): AccountService {
  return {
    register(account, address) {
      calls.push(['register', account, address])
      if (account.username === 'bug') return Promise.reject(new Error('select * from secret_table'))
      return account.username === 'taken'
        ? Promise.reject(new AppError('ALREADY_EXISTS', 'username_taken', 'The name is taken.'))
        : Promise.resolve({ ...ALICE, username: account.username })
    },
    updateProfile(userId, changes) {
      calls.push(['updateProfile', userId, changes])
      return Promise.resolve({ ...ALICE, ...changes })
    },
    planRegistration: () => Promise.resolve(() => Promise.resolve(ALICE)),
    planProfileUpdate: () => Promise.resolve(() => Promise.resolve(ALICE)),
    findById: () => Promise.resolve(ALICE),
    slice: () => Promise.resolve({ edges: [], hasPrevious: false, hasNext: false }),
    count: () => Promise.resolve(0),
    createAsOperator: () => Promise.resolve(ALICE),
    setRole: () => Promise.resolve(ALICE),
    findByUsername: () => Promise.resolve(ALICE),
    list(options) {
      calls.push(['listUsers', options])
      return Promise.resolve({ users: [ALICE], next: null })
    },
    hasAdmin: () => Promise.resolve(false),
  }
}

/** A credential service that notes its calls; the current password is `correct-password`. */
export function createFakeCredentials(calls: Call[] = []): CredentialService {
  const wrong = new AppError('PERMISSION_DENIED', 'password_wrong', 'The password is wrong.')
  return {
    changePassword(caller, passwords, address) {
      calls.push(['changePassword', caller, passwords, address])
      return passwords.currentPassword === 'correct-password'
        ? Promise.resolve(END_RESULT)
        : Promise.reject(wrong)
    },
    changeEmail(caller, changes, address) {
      calls.push(['changeEmail', caller, changes, address])
      return changes.currentPassword === 'correct-password'
        ? Promise.resolve({ ...ALICE, email: changes.email })
        : Promise.reject(wrong)
    },
    createResetLink(userId, actor) {
      calls.push(['createResetLink', userId, actor])
      const expiresAt = Date.UTC(2026, 0, 2)
      return Promise.resolve({ token: 'reset-1', link: null, expiresAt })
    },
    resetPassword(reset, address) {
      calls.push(['resetPassword', reset, address])
      return reset.token === 'reset-1'
        ? Promise.resolve(END_RESULT)
        : Promise.reject(new AppError('INVALID_ARGUMENT', 'reset_token_invalid', 'No such link.'))
    },
  }
}

/** Administration that notes its calls; only `admin` may use it. */
export function createFakeUserAdmin(calls: Call[] = []): UserAdminService {
  return {
    authorize: ({ role }) =>
      role === 'admin'
        ? Promise.resolve()
        : Promise.reject(new AppError('PERMISSION_DENIED', 'admin_required', 'For others.')),
    update(userId, changes, actor) {
      calls.push(['updateUser', userId, changes, actor])
      return Promise.resolve({ user: { ...ALICE, state: 'frozen' }, end: END_RESULT })
    },
    delete(userId, actor) {
      calls.push(['deleteUser', userId, actor])
      return userId === ALICE.id ? Promise.resolve(END_RESULT) : Promise.reject(userNotFound())
    },
  }
}

/** An OAuth service that notes its calls; it knows the provider `github`, and the state `good`. */
export function createFakeOauth(calls: Call[] = []): OauthService {
  const noProvider = () => new AppError('NOT_FOUND', 'provider_not_found', 'No such provider.')
  const go = (name: string, provider: string, ...args: unknown[]): Promise<string> => {
    if (provider !== 'github') return Promise.reject(noProvider())
    calls.push([name, ...args])
    return Promise.resolve('https://github.test/authorize?state=1')
  }
  return {
    providers: () => [{ name: 'github', label: 'GitHub' }],
    start: (start, client) => go('startOauth', start.provider, start, client),
    startLink: (start, caller, client) => go('linkIdentity', start.provider, start, caller, client),
    finish(callback, client) {
      if (callback.provider !== 'github') return Promise.reject(noProvider())
      calls.push(['finishOauth', callback, client])
      const state = new URLSearchParams(callback.query).get('state')
      const returnTo = '/app?tab=1'
      if (state === 'good') return Promise.resolve({ returnTo, signIn: SIGN_IN, failure: null })
      if (state === 'link') return Promise.resolve({ returnTo, signIn: null, failure: null })
      if (state === 'frozen') {
        return Promise.resolve({ returnTo, signIn: null, failure: sessionOver('user_frozen') })
      }
      return Promise.reject(invalidState())
    },
    identities: () =>
      Promise.resolve({
        identities: [{ provider: 'github', label: 'GitHub', linkedAt: ALICE.createdAt }],
        hasPassword: true,
      }),
    unlink(caller, provider) {
      calls.push(['unlink', caller, provider])
      return provider === 'github'
        ? Promise.resolve()
        : Promise.reject(new AppError('NOT_FOUND', 'identity_not_found', 'Not linked.'))
    },
  }
}

function invalidState(): AppError {
  return new AppError('INVALID_ARGUMENT', 'oauth_state_invalid', 'Start again.')
}
