import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'
import { PACKAGE_ROOT } from '../../util/package-root.js'
import { PAGE_POLICY, registerPage } from '../page-routes.js'

const FOLDER = join(PACKAGE_ROOT, 'assets', 'docs')

/**
 * The API document as a page to read and to try requests with: Swagger UI, from files of this server only. Its style
 * sheet brings its icons as `data:`. Rejects when a file cannot be read.
 */
export async function registerDocsRoutes(scope: FastifyInstance): Promise<void> {
  const library = join(dirname(fileURLToPath(import.meta.resolve('@fastify/swagger-ui'))), 'static')
  await registerPage(scope, {
    operation: 'docs',
    contentSecurityPolicy: `${PAGE_POLICY};img-src data:`,
    files: [
      { url: '/docs', file: join(FOLDER, 'index.html'), type: 'text/html' },
      { url: '/docs/docs.js', file: join(FOLDER, 'docs.js'), type: 'text/javascript' },
      {
        url: '/docs/swagger-ui-bundle.js',
        file: join(library, 'swagger-ui-bundle.js'),
        type: 'text/javascript',
      },
      { url: '/docs/swagger-ui.css', file: join(library, 'swagger-ui.css'), type: 'text/css' },
    ],
  })
}
