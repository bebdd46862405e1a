import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What one connection's qlog says about paths, read without any of the product's code. */
export interface PathWitness {
  /** How many frames of a kind there were, by `sent path_challenge` and the like. */
  count(frames: string): number
  /** Milliseconds from each challenge to the response with the same data. */
  readonly answerTimesMs: readonly number[]
  /** Milliseconds from each challenge without a response to the end of the connection. */
  readonly unansweredMs: readonly number[]
  /** From a response to the next challenge, when no challenge was open in between. */
  readonly gaps: readonly Gap[]
}

/** A pause between two validations, and the smoothed round-trip time when it began. */
export interface Gap {
  readonly ms: number
  readonly smoothedRttMs: number
  /** Whether recovery began anew in it, told by the initial guess of the round-trip time. */
  readonly reset: boolean
}

interface Frame {
  readonly frame_type?: string
  readonly data?: string
}

const INITIAL_RTT_MS = 333
const TELLING = /"(path_challenge|path_response|connection_close)"|:connection_closed"/

/** Reads every complete record of every qlog file of a directory. */
export async function witnessPaths(qlogDirectory: string): Promise<PathWitness[]> {
  const files = await readdir(qlogDirectory)
  return Promise.all(files.map(async (file) => witness(await readFile(join(qlogDirectory, file)))))
}

function witness(qlog: Buffer): PathWitness {
  const counts = new Map<string, number>()
  const answerTimesMs: number[] = []
  const gaps: Gap[] = []
  const open = new Map<string, number>()
  let smoothedRttMs = Number.NaN
  let reset = false
  let lastResponse: { readonly atMs: number; readonly smoothedRttMs: number } | undefined
  let endMs = Number.POSITIVE_INFINITY
  // The last piece is empty or a record that is not complete yet.
  for (const line of qlog.toString('latin1').split('\n').slice(0, -1)) {
    smoothedRttMs = Number(/"smoothed_rtt":([\d.]+)/.exec(line)?.[1] ?? smoothedRttMs)
    reset ||= smoothedRttMs === INITIAL_RTT_MS
    if (!TELLING.test(line)) continue
    const { time: atMs, name, data } = JSON.parse(line.slice(line.indexOf('{')))
    if (name.endsWith(':connection_closed')) endMs = Math.min(endMs, atMs)
    for (const { frame_type: type, data: token = '' } of (data.frames ?? []) as Frame[]) {
      const kind = `${name.endsWith('packet_sent') ? 'sent' : 'received'} ${type}`
      counts.set(kind, (counts.get(kind) ?? 0) + 1)
      if (type === 'connection_close') endMs = Math.min(endMs, atMs)
      else if (kind === 'sent path_challenge') {
        if (open.size === 0 && lastResponse !== undefined) {
          gaps.push({ ...lastResponse, ms: atMs - lastResponse.atMs, reset })
        }
        open.set(token, atMs)
      } else if (kind === 'received path_response') {
        answerTimesMs.push(atMs - (open.get(token) ?? atMs))
        open.delete(token)
        lastResponse = { atMs, smoothedRttMs }
        reset = false
      }
    }
  }
  const unansweredMs = [...open.values()].map((sentMs) => endMs - sentMs)
  return { count: (frames) => counts.get(frames) ?? 0, answerTimesMs, unansweredMs, gaps }
}
