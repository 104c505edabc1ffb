import { readFile } from 'node:fs/promises'
import type { FastifyInstance } from 'fastify'

/** A page may load its own files and talk to its own server, nothing else. */
export const PAGE_POLICY =
  "default-src 'none';script-src 'self';style-src 'self';connect-src 'self';" +
  "base-uri 'none';form-action 'none';frame-ancestors 'none'"

const CACHE_CONTROL = 'public, max-age=300'

export interface PageFile {
  readonly url: string
  readonly file: string
  readonly type: 'text/html' | 'text/javascript' | 'text/css'
}

export interface Page {
  /** Its name in the log and the measurements. */
  readonly operation: string
  readonly contentSecurityPolicy: string
  readonly files: readonly PageFile[]
}

/** Serves a page for people from files that are read once, here. Rejects when one cannot be read. */
export async function registerPage(scope: FastifyInstance, page: Page): Promise<void> {
  const { operation, contentSecurityPolicy } = page
  for (const { url, file, type } of page.files) {
    const bytes = await readFile(file)
    scope.get(url, { config: { operation, quiet: true } }, (_request, reply) =>
      reply
        .type(`${type}; charset=utf-8`)
        .header('content-security-policy', contentSecurityPolicy)
        .header('cache-control', CACHE_CONTROL)
        .send(bytes),
    )
  }
}
