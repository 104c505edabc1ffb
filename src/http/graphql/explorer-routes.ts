import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { PACKAGE_ROOT } from '../../util/package-root.js'
import { PAGE_POLICY, registerPage } from '../page-routes.js'

const FOLDER = join(PACKAGE_ROOT, 'assets', 'graphql', 'explorer')

/** A page to try operations with, from files of our own only. Rejects when they cannot be read. */
export async function registerExplorerRoutes(scope: FastifyInstance): Promise<void> {
  await registerPage(scope, {
    operation: 'graphiql',
    contentSecurityPolicy: PAGE_POLICY,
    files: [
      { url: '/graphiql', file: join(FOLDER, 'index.html'), type: 'text/html' },
      { url: '/graphiql/explorer.js', file: join(FOLDER, 'explorer.js'), type: 'text/javascript' },
      { url: '/graphiql/explorer.css', file: join(FOLDER, 'explorer.css'), type: 'text/css' },
    ],
  })
}
