import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { peer } from './peers.ts'
import { type Owner, run } from './processes.ts'

/** The name that the servers' certificate is for, and the one ngtcp2's client asks an IP address for. */
export const SERVER_NAME = 'localhost'

/** Files of a self-signed certificate. */
export interface Certificate {
  readonly certificate: string
  readonly key: string
}

/** A directory that is removed at the end of the test. */
export async function temporaryDirectory(t: Owner): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'quic-lb-live-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** Makes a certificate for `SERVER_NAME` that is valid for two days. */
export async function makeCertificate(t: Owner, directory: string): Promise<Certificate> {
  const files = { certificate: join(directory, 'cert.pem'), key: join(directory, 'key.pem') }
  const config = join(directory, 'openssl.cnf')
  await writeFile(config, '[req]\ndistinguished_name = name\n[name]\n')
  const request = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2`
  const subject = ['-subj', `/CN=${SERVER_NAME}`, '-addext', `subjectAltName=DNS:${SERVER_NAME}`]
  const { code, stderr } = await run(t, {
    program: peer('openssl'),
    args: [
      ...request.split(' '),
      ...subject,
      ...['-config', config, '-keyout', files.key, '-out', files.certificate],
    ],
  })
  if (code !== 0) throw new Error(`openssl: ${stderr}`)
  return files
}
