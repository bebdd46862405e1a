import zlib, { constants, createGunzip, type Gunzip, type ZstdDecompress } from 'node:zlib'
import type { Compression } from '../compressed-name.ts'

const OUTPUT_BYTES = 64 * 1024

/** What RFC 8878 (3.1.1.1.2) recommends every decoder to support: 8 MiB. */
const ZSTD_WINDOW_LOG = 23

/** So many pieces wait at most until somebody takes them: 1 MiB, whatever a few bytes of input become. */
const MOST_WAITING = 16

/** What became of some input, after all that came out of it. */
export interface Outcome {
  /** Bytes of the input that were used; fewer than given where a member or frame ended. */
  readonly used: number
  /** Why nothing can follow. */
  readonly error: Error | undefined
}

/** Whether this Node.js can decompress it: zstd came with 22.15. */
export function isSupported(compression: Compression): boolean {
  // Not imported by its name: where it is missing, that would fail before anything runs.
  return compression === 'gzip' || typeof zlib.createZstdDecompress === 'function'
}

/** Decompresses off the event loop, one input at a time. */
export class Engine {
  readonly #stream: Gunzip | ZstdDecompress
  readonly #waiting: Uint8Array[] = []
  #fail: (error: Error) => void = () => {}
  #wake: () => void = () => {}

  constructor(compression: Compression) {
    this.#stream =
      compression === 'gzip'
        ? createGunzip({ chunkSize: OUTPUT_BYTES })
        : zlib.createZstdDecompress({
            chunkSize: OUTPUT_BYTES,
            params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG },
          })
    this.#stream.on('data', (piece: Uint8Array) => {
      if (this.#waiting.push(piece) >= MOST_WAITING) this.#stream.pause()
      this.#wake()
    })
    this.#stream.on('error', (error) => this.#fail(error))
  }

  /** Gives what comes out of the input, which must stay as it is meanwhile. Never throws. */
  write(input: Uint8Array): AsyncGenerator<Uint8Array, Outcome> {
    return this.#work((done) => this.#stream.write(input, done))
  }

  /** Says that the input is over; an error if it ended within a member or frame. */
  end(): AsyncGenerator<Uint8Array, Outcome> {
    return this.#work((done) => {
      this.#stream.once('end', () => done(undefined))
      this.#stream.end()
    })
  }

  /** Gives its memory back. */
  close(): void {
    this.#stream.destroy()
  }

  async *#work(
    begin: (done: (error?: Error | null) => void) => void,
  ): AsyncGenerator<Uint8Array, Outcome> {
    const stream = this.#stream
    const before = stream.bytesWritten
    let outcome: { readonly error: Error | undefined } | undefined
    const settle = (error?: Error | null) => {
      outcome ??= { error: error ?? undefined }
      this.#wake()
    }
    this.#fail = settle
    begin(settle)
    for (;;) {
      const piece = this.#waiting.shift()
      if (piece !== undefined) {
        yield piece
        continue
      }
      // A stream that failed drops what it still holds; all else comes out before the next input goes in.
      if (outcome?.error !== undefined || (outcome && stream.readableLength === 0)) break
      const next = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      if (stream.isPaused()) stream.resume()
      await next
    }
    return { used: stream.bytesWritten - before, error: outcome.error }
  }
}
