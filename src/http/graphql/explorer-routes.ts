import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { PACKAGE_ROOT } from '../../util/package-root.js'

const FOLDER = join(PACKAGE_ROOT, 'assets', 'graphql', 'explorer')

/** The page may load its own files and talk to its own server, nothing else. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none';script-src 'self';style-src 'self';connect-src 'self';" +
  "base-uri 'none';form-action 'none';frame-ancestors 'none'"

const FILES = [
  { url: '/graphiql', file: 'index.html', type: 'text/html' },
  { url: '/graphiql/explorer.js', file: 'explorer.js', type: 'text/javascript' },
  { url: '/graphiql/explorer.css', file: 'explorer.css', type: 'text/css' },
] as const

/** A page to try operations with, from files of our own only. Rejects when they cannot be read. */
export async function registerExplorerRoutes(scope: FastifyInstance): Promise<void> {
  for (const { url, file, type } of FILES) {
    const text = await readFile(join(FOLDER, file), 'utf8')
    scope.get(url, { config: { operation: 'graphiql', quiet: true } }, (_request, reply) =>
      reply
        .type(`${type}; charset=utf-8`)
        .header('content-security-policy', CONTENT_SECURITY_POLICY)
        .send(text),
    )
  }
}
