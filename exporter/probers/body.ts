/** Reads a body up to a bound, and finds a text in it wherever it was cut into pieces. */
import { ProbeError } from './failure.ts'
import type { Answer } from './question.ts'

/** What became of a body. */
export interface BodyRead {
  readonly bytes: number
  /** False: there was more than what is read at most. */
  readonly isWhole: boolean
  /** Whether the text stood in what was read. */
  readonly found: boolean
}

/** Finds a text (UTF-8) in pieces. */
export class TextSearch {
  readonly #text: Buffer
  /** The last bytes that a text could have begun in. */
  #tail: Buffer = Buffer.alloc(0)
  found: boolean

  constructor(text: string) {
    this.#text = Buffer.from(text)
    this.found = this.#text.length === 0
  }

  add(piece: Buffer): void {
    if (this.found) return
    const joined = Buffer.concat([this.#tail, piece])
    this.found = joined.includes(this.#text)
    this.#tail = joined.subarray(Math.max(0, joined.length - this.#text.length + 1))
  }
}

/** Reads at most `mostBytes`. Rejects if the body ends before its end, or breaks. */
export function readBody(
  { body, missing }: Answer,
  mostBytes: number,
  text: string | undefined,
): Promise<BodyRead> {
  const search = new TextSearch(text ?? '')
  let bytes = 0
  return new Promise((resolve, reject) => {
    const ended = () => {
      const why = missing(bytes)
      if (why === undefined) resolve({ bytes, isWhole: true, found: search.found })
      else reject(new ProbeError('protocol', why))
    }
    body.on('data', (piece: Buffer) => {
      search.add(piece.subarray(0, mostBytes - bytes))
      bytes += piece.length
      if (bytes <= mostBytes) return
      body.pause().removeAllListeners('data')
      resolve({ bytes: mostBytes, isWhole: false, found: search.found })
    })
    body.on('error', reject)
    if (body.destroyed) ended()
    else body.on('close', ended)
  })
}
