import { fileURLToPath } from 'node:url'

/** The folder that holds configs/, protos/ and assets/: three levels above the compiled file. */
export const PACKAGE_ROOT = fileURLToPath(new URL('../../../', import.meta.url))
