/** TLS contexts made of files, shared by all targets that name the same ones, and made anew when a file changes. */
import { readFileSync, statSync } from 'node:fs'
import { createSecureContext, type SecureContext } from 'node:tls'
import { ProbeError } from './failure.ts'
import type { Note, TlsSettings } from './prober.ts'

interface Made {
  /** Says which content the files had. */
  readonly stamp: string
  /** Undefined: from these files none could be made. */
  readonly context: SecureContext | undefined
  readonly why: string
}

export class SecureContexts {
  readonly #made = new Map<string, Made>()

  /**
   * The context of these files as they are now. A renewal that is not complete (a certificate without its key) does
   * not make the backend look bad: the last good context counts until it is. Throws `other` if there never was one.
   */
  of({ caFile, certFile, keyFile }: TlsSettings, note: Note): SecureContext {
    const files = [caFile, certFile, keyFile]
    const key = JSON.stringify(files)
    const stamp = files.map(stampOf).join(' ')
    const before = this.#made.get(key)
    const made = before?.stamp === stamp ? before : make(files, stamp, before?.context)
    if (made !== before) this.#made.set(key, made)
    if (made.why !== '') note(made.why)
    if (made.context === undefined) throw new ProbeError('other', made.why)
    return made.context
  }
}

/** Of this process. */
export const CONTEXTS = new SecureContexts()

function make(
  [caFile, certFile, keyFile]: readonly (string | undefined)[],
  stamp: string,
  last: SecureContext | undefined,
): Made {
  try {
    const context = createSecureContext({
      ...(caFile !== undefined && { ca: readFileSync(caFile) }),
      ...(certFile !== undefined && { cert: readFileSync(certFile) }),
      ...(keyFile !== undefined && { key: readFileSync(keyFile) }),
    })
    return { stamp, context, why: '' }
  } catch (error) {
    const why = `TLS files cannot be used: ${error instanceof Error ? error.message : error}`
    return { stamp, context: last, why }
  }
}

function stampOf(path: string | undefined): string {
  if (path === undefined) return ''
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return 'gone'
  return [stats.dev, stats.ino, stats.size, stats.mtimeMs, stats.ctimeMs].join()
}
