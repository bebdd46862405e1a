/** The records of a qlog file of any serialisation, as bytes. */
import { FileFramer } from '../../qlog-parsers/index.ts'

export interface Records {
  /** Headers of the traces of a contained file, or the first record. */
  readonly headers: readonly Buffer[]
  readonly events: readonly Buffer[]
  readonly rejected: readonly string[]
}

export function recordsIn(file: Uint8Array): Records {
  const headers: Buffer[] = []
  const events: Buffer[] = []
  const rejected: string[] = []
  const framer = new FileFramer(1 << 20, {
    traceBegins(bytes, start, end) {
      headers.push(Buffer.from(bytes.slice(start, end)))
    },
    record(bytes, start, end) {
      const list = headers.length === 0 ? headers : events
      list.push(Buffer.from(bytes.slice(start, end)))
    },
    rejected(reason) {
      rejected.push(reason)
    },
  })
  framer.feed(file, true)
  return { headers, events, rejected }
}
