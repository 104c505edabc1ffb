import { X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import type { Clock } from '../../domain/clock.js'
import type { Logger } from '../../domain/logger.js'
import { AppError } from '../../errors/app-error.js'

const DAY_MS = 86_400_000
/** How long before its end a certificate is worth a warning. */
const EXPIRY_NOTICE_MS = 14 * DAY_MS

/** The files of one end of a TLS line, PEM; null for what it does not have. */
export interface TlsFiles {
  /** The certificate to show, with its intermediates, and its private key. */
  readonly certFile: string | null
  readonly keyFile: string | null
  /** The authorities that the other end must show a certificate of. */
  readonly caFile: string | null
}

/** What the files hold. */
export interface TlsMaterial {
  readonly cert: Buffer | null
  readonly key: Buffer | null
  readonly ca: Buffer | null
}

/** Certificates that are followed while the process runs. */
export interface TlsSource {
  current(): TlsMaterial
  /** Called with what has changed on disk and holds together; what does not is logged and not taken. */
  onChange(listener: (material: TlsMaterial) => void): void
  /** Stops looking. Safe to call twice. */
  close(): void
}

export interface TlsSourceDeps {
  readonly files: TlsFiles
  readonly clock: Clock
  readonly logger: Logger
  /** How often the files are looked at, in milliseconds. */
  readonly pollIntervalMs: number
}

/**
 * Reads the files and begins to follow them. Raises FAILED_PRECONDITION (`tls_file_unusable`) naming the file
 * that cannot be read, or saying that certificate and key do not belong together.
 */
export async function openTlsSource(deps: TlsSourceDeps): Promise<TlsSource> {
  const source = new FollowedTlsSource(deps, await signatureOf(deps.files), await load(deps))
  source.start()
  return source
}

class FollowedTlsSource implements TlsSource {
  readonly #deps: TlsSourceDeps
  readonly #listeners: ((material: TlsMaterial) => void)[] = []
  #signature: string
  #material: TlsMaterial
  #timer: NodeJS.Timeout | undefined
  #isLooking = false

  constructor(deps: TlsSourceDeps, signature: string, material: TlsMaterial) {
    this.#deps = deps
    this.#signature = signature
    this.#material = material
  }

  start(): void {
    this.#timer = setInterval(() => void this.#look(), this.#deps.pollIntervalMs).unref()
  }

  current(): TlsMaterial {
    return this.#material
  }

  onChange(listener: (material: TlsMaterial) => void): void {
    this.#listeners.push(listener)
  }

  close(): void {
    clearInterval(this.#timer)
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    try {
      const signature = await signatureOf(this.#deps.files)
      if (signature === this.#signature) return
      // Taken even when the files do not hold together: one half may still be on its way, and is another change.
      this.#signature = signature
      this.#material = await load(this.#deps)
      for (const listener of this.#listeners) listener(this.#material)
      this.#deps.logger.info({ files: pathsOf(this.#deps.files) }, 'certificates were loaded again')
    } catch (error) {
      this.#deps.logger.error(
        { err: error },
        'changed certificates cannot be used; the old ones stay',
      )
    } finally {
      this.#isLooking = false
    }
  }
}

/** Changes with every way of replacing a file. A missing file is a signature too: it is about to be replaced. */
async function signatureOf(files: TlsFiles): Promise<string> {
  const parts = pathsOf(files).map(async (path) => {
    const info = await stat(path, { bigint: true }).catch(() => null)
    return info === null ? 'missing' : [info.ino, info.size, info.mtimeNs].join('-')
  })
  return (await Promise.all(parts)).join(' ')
}

function pathsOf({ certFile, keyFile, caFile }: TlsFiles): readonly string[] {
  return [certFile, keyFile, caFile].filter((path) => path !== null)
}

async function load({ files, clock, logger }: TlsSourceDeps): Promise<TlsMaterial> {
  const { certFile, keyFile, caFile } = files
  const [cert, key, ca] = await Promise.all([read(certFile), read(keyFile), read(caFile)])
  const material: TlsMaterial = { cert, key, ca }
  try {
    createSecureContext(contextOf(material))
    // A file without a certificate would pass as no authority at all.
    for (const pem of [cert, ca]) if (pem) new X509Certificate(pem)
  } catch (cause) {
    const message = `${pathsOf(files).join(', ')} cannot be used together: ${textOf(cause)}.`
    throw new AppError('FAILED_PRECONDITION', 'tls_file_unusable', message, { cause })
  }
  if (certFile !== null && cert !== null) noticeExpiry(certFile, cert, clock, logger)
  return material
}

/** The material as node:tls takes it. */
export function contextOf({ cert, key, ca }: TlsMaterial): SecureContextOptions {
  return {
    ...(cert === null ? {} : { cert }),
    ...(key === null ? {} : { key }),
    ...(ca === null ? {} : { ca }),
  }
}

async function read(path: string | null): Promise<Buffer | null> {
  if (path === null) return null
  try {
    return await readFile(path)
  } catch (cause) {
    const message = `Cannot read ${path}: ${textOf(cause)}.`
    throw new AppError('FAILED_PRECONDITION', 'tls_file_unusable', message, { cause })
  }
}

/** An expired certificate is served all the same: that the peers refuse it is better than silence. */
function noticeExpiry(file: string, cert: Buffer, clock: Clock, logger: Logger): void {
  const { validTo } = new X509Certificate(cert)
  const leftMs = Date.parse(validTo) - clock.now()
  if (leftMs < 0) logger.error({ file, validTo }, 'the certificate has expired')
  else if (leftMs < EXPIRY_NOTICE_MS) logger.warn({ file, validTo }, 'the certificate expires soon')
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : 'unknown failure'
}
