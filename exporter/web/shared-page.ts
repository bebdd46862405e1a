import { promisify } from 'node:util'
import { constants, gzip as gzipCallback } from 'node:zlib'

const gzip = promisify(gzipCallback)

/** One rendering of the page, shared by everybody who asks for it. */
export interface Rendering {
  /** When it was begun, in milliseconds of the clock given: it holds all that was known then. */
  readonly begunAt: number
  readonly body: Buffer
  /** The body in gzip (level 1, off the event loop), compressed at the first call. */
  readonly gzipped: () => Promise<Buffer>
}

/**
 * Makes everybody who asks while a page is being rendered, or within `shareForMs` of the start of
 * the last rendering, get that same rendering or its failure; `now` is monotonic milliseconds.
 */
export function sharePage(
  page: () => Promise<string>,
  shareForMs: number,
  now: () => number,
): () => Promise<Rendering> {
  let last: { readonly begunAt: number; readonly rendering: Promise<Rendering> } | undefined
  let inFlight = false

  const render = async (begunAt: number): Promise<Rendering> => {
    inFlight = true
    try {
      return toRendering(await page(), begunAt)
    } finally {
      inFlight = false
    }
  }

  return () => {
    if (last === undefined || (!inFlight && now() - last.begunAt >= shareForMs)) {
      const begunAt = now()
      last = { begunAt, rendering: render(begunAt) }
    }
    return last.rendering
  }
}

function toRendering(text: string, begunAt: number): Rendering {
  const body = Buffer.from(text)
  let compressed: Promise<Buffer> | undefined
  return {
    begunAt,
    body,
    gzipped: () => {
      compressed ??= gzip(body, { level: constants.Z_BEST_SPEED })
      return compressed
    },
  }
}
