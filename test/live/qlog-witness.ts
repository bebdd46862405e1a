import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What one connection's qlog says about paths, read without any of the product's code. */
export interface PathWitness {
  readonly challengesSent: number
  readonly challengesReceived: number
  readonly responsesSent: number
  readonly responsesReceived: number
  /** Milliseconds from each challenge to the response with the same data. */
  readonly answerTimesMs: readonly number[]
  /** From a response to the next challenge, when no challenge was open in between. */
  readonly gaps: readonly Gap[]
}

/** A pause between two validations, and the smoothed round-trip time when it began. */
export interface Gap {
  readonly ms: number
  readonly smoothedRttMs: number
}

interface Frame {
  readonly frame_type?: string
  readonly data?: string
}

/** Reads every complete record of every qlog file of a directory. */
export async function witnessPaths(qlogDirectory: string): Promise<PathWitness[]> {
  const files = await readdir(qlogDirectory)
  return Promise.all(files.map(async (file) => witness(await readFile(join(qlogDirectory, file)))))
}

function witness(qlog: Buffer): PathWitness {
  const counts = {
    challengesSent: 0,
    challengesReceived: 0,
    responsesSent: 0,
    responsesReceived: 0,
  }
  const answerTimesMs: number[] = []
  const gaps: Gap[] = []
  const open = new Map<string, number>()
  let smoothedRttMs = Number.NaN
  let lastResponse: { readonly time: number; readonly smoothedRttMs: number } | undefined
  // The last piece is empty or a record that is not complete yet.
  for (const line of qlog.toString('latin1').split('\n').slice(0, -1)) {
    smoothedRttMs = Number(/"smoothed_rtt":([\d.]+)/.exec(line)?.[1] ?? smoothedRttMs)
    if (!/"path_(challenge|response)"/.test(line)) continue
    const { time, name, data } = JSON.parse(line.slice(line.indexOf('{')))
    const sent = name.endsWith('packet_sent')
    for (const { frame_type: type, data: token = '' } of data.frames as Frame[]) {
      if (type === 'path_challenge' && sent) {
        counts.challengesSent += 1
        if (open.size === 0 && lastResponse !== undefined) {
          gaps.push({ ms: time - lastResponse.time, smoothedRttMs: lastResponse.smoothedRttMs })
        }
        open.set(token, time)
      } else if (type === 'path_challenge') counts.challengesReceived += 1
      else if (type === 'path_response' && sent) counts.responsesSent += 1
      else if (type === 'path_response') {
        counts.responsesReceived += 1
        answerTimesMs.push(time - (open.get(token) ?? time))
        open.delete(token)
        lastResponse = { time, smoothedRttMs }
      }
    }
  }
  return { ...counts, answerTimesMs, gaps }
}
