import { promisify } from 'node:util'
import { constants, gzip as gzipCallback } from 'node:zlib'

const gzip = promisify(gzipCallback)

/** One rendering of the page, shared by everybody who asks for it. */
export interface Rendering {
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
  let last: { readonly startedAt: number; readonly rendering: Promise<Rendering> } | undefined
  let inFlight = false

  const render = async (): Promise<Rendering> => {
    inFlight = true
    try {
      return toRendering(await page())
    } finally {
      inFlight = false
    }
  }

  return () => {
    if (last === undefined || (!inFlight && now() - last.startedAt >= shareForMs)) {
      last = { startedAt: now(), rendering: render() }
    }
    return last.rendering
  }
}

function toRendering(text: string): Rendering {
  const body = Buffer.from(text)
  let compressed: Promise<Buffer> | undefined
  return {
    body,
    gzipped: () => {
      compressed ??= gzip(body, { level: constants.Z_BEST_SPEED })
      return compressed
    },
  }
}
