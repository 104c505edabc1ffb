import { join } from 'node:path'
import { createCertificates } from '../../src/grpc/certificate/certificate-folder.js'

export interface CertificateFiles {
  readonly certFile: string
  readonly keyFile: string
  readonly caFile: string
}

/** An authority with a server and clients in a folder; the files of each by name. */
export async function makeCertificates(
  folder: string,
  clients: readonly string[] = ['billing'],
  options: { readonly days?: number; readonly now?: number } = {},
): Promise<(name: string) => CertificateFiles> {
  const { days = 30, now = Date.now() } = options
  const hosts = ['localhost', '127.0.0.1']
  await createCertificates({ folder, hosts, clients, days, authorityDays: 3_650, now })
  return (name) => ({
    certFile: join(folder, `${name}.pem`),
    keyFile: join(folder, `${name}.key`),
    caFile: join(folder, 'ca.pem'),
  })
}
