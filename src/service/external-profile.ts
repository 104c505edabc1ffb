import type { ExternalProfile } from '../domain/identity-provider.js'
import {
  canonicalDisplayName,
  canonicalEmail,
  DISPLAY_NAME_CHARS_MAX,
  USERNAME_CHARS_MAX,
  USERNAME_CHARS_MIN,
} from '../domain/user.js'
import { randomId } from '../util/random-id.js'

/** As long as the column that keeps it. */
const AVATAR_URL_CHARS_MAX = 2048
/** More of a text is never looked at. */
const TEXT_CHARS_MAX = 512
const SUFFIX_CHARS = 6
const UNSAFE_TEXT = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu
const COMBINING_MARKS = /\p{M}/gu

/** What is kept of a provider's profile, every field in its canonical form; null for what is not usable. */
export interface CleanProfile {
  readonly displayName: string | null
  readonly avatarUrl: string | null
  readonly email: string | null
  readonly isEmailVerified: boolean
}

export function cleanProfile(profile: ExternalProfile): CleanProfile {
  const email = emailOf(profile.email)
  return {
    displayName: displayNameOf(profile.displayName),
    avatarUrl: avatarUrlOf(profile.avatarUrl),
    email,
    isEmailVerified: email !== null && profile.isEmailVerified,
  }
}

/**
 * A username that the person would recognise, and one of its own kind for each attempt: the first is the name
 * itself, the others have random characters after it.
 */
export function usernameFor(profile: ExternalProfile, attempt: number): string {
  const wishes = [profile.username, profile.displayName, profile.email?.split('@')[0] ?? null]
  const wish = wishes.map(asUsername).find((name) => name.length >= USERNAME_CHARS_MIN) ?? 'user'
  if (attempt === 0 && wish !== 'user') return wish.slice(0, USERNAME_CHARS_MAX)
  const suffix = randomId().toLowerCase().replace(/[_-]/g, '0').slice(0, SUFFIX_CHARS)
  return `${wish.slice(0, USERNAME_CHARS_MAX - SUFFIX_CHARS - 1)}-${suffix}`
}

/** Latin letters lose their accents; what is no letter or digit becomes one hyphen. */
function asUsername(text: string | null): string {
  return (text ?? '')
    .slice(0, TEXT_CHARS_MAX)
    .normalize('NFKD')
    .replace(COMBINING_MARKS, '')
    .toLowerCase()
    .replace(/[^a-z0-9._]+/g, '-')
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
}

function displayNameOf(text: string | null): string | null {
  const safe = (text ?? '').slice(0, TEXT_CHARS_MAX).normalize('NFC').replace(UNSAFE_TEXT, '')
  const cut = [...safe.trim()].slice(0, DISPLAY_NAME_CHARS_MAX).join('')
  return orNull(() => canonicalDisplayName(cut))
}

/** Shown in pages: https only, nobody's password in it, not longer than its column. */
function avatarUrlOf(text: string | null): string | null {
  if (text === null || text.length > AVATAR_URL_CHARS_MAX || !URL.canParse(text)) return null
  const { protocol, username, password, href } = new URL(text)
  const isPlain = protocol === 'https:' && username === '' && password === ''
  return isPlain && href.length <= AVATAR_URL_CHARS_MAX ? href : null
}

function emailOf(text: string | null): string | null {
  return text === null ? null : orNull(() => canonicalEmail(text))
}

function orNull(read: () => string): string | null {
  try {
    return read()
  } catch {
    return null
  }
}
