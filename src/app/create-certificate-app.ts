import {
  createCertificates,
  type CreateCertificatesOptions,
  type WrittenCertificate,
} from '../grpc/certificate/certificate-folder.js'
import { type CertificateInfo, describeCertificates } from '../grpc/certificate/certificate-info.js'

/** Certificates for the lines between the services of a house, made without any other tool. */
export interface CertificateApp {
  create(options: CreateCertificatesOptions): Promise<readonly WrittenCertificate[]>
  /** Of a folder or of one file. */
  show(path: string): Promise<readonly CertificateInfo[]>
}

export function createCertificateApp(): CertificateApp {
  return { create: createCertificates, show: describeCertificates }
}
