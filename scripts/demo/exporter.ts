import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { type Page, readPage } from './page.ts'

const MAIN = join(import.meta.dirname, '../../exporter/main.ts')

/** Tried first: the port where an operator would find it. */
const USUAL_PORT = 19114
const READY_WITHIN_MS = 15_000
const SCRAPE_WITHIN_MS = 5_000
const STOP_WITHIN_MS = 1_500

/** The real exporter, in a process of its own. */
export interface Exporter {
  /** Address of its page. */
  readonly url: string
  /** Aborted, with an error that says why, when it ends without being told to. */
  readonly died: AbortSignal
  /** Reads the page; rejects if there is none within 5 s. */
  scrape(signal: AbortSignal): Promise<Page>
  /** Ends it, by force after 1.5 s. */
  stop(): Promise<void>
}

/** Starts the exporter on 127.0.0.1:19114, or on a free port if that is taken; it is ready then. */
export async function startExporter(configFile: string, signal: AbortSignal): Promise<Exporter> {
  const usual = launch(configFile, USUAL_PORT)
  if (await usual.ready(signal)) return usual
  const other = usual.lastWords().includes('in use') ? launch(configFile, 0) : usual
  if (other !== usual && (await other.ready(signal))) return other
  throw new Error(`the exporter did not start:\n${other.lastWords()}`)
}

interface Launched extends Exporter {
  /** Whether it came to serve; if not, it has ended. */
  ready(signal: AbortSignal): Promise<boolean>
  lastWords(): string
}

function launch(configFile: string, port: number): Launched {
  const args = ['--config.file', configFile, '--web.listen-address', `127.0.0.1:${port}`]
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: environment(),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const died = new AbortController()
  const words: string[] = []
  let url = ''
  let running = true
  createInterface({ input: child.stderr }).on('line', (line) => {
    url ||= /"metrics":"([^"]+)"/.exec(line)?.[1] ?? ''
    words.push(line)
    if (words.length > 5) words.shift()
  })
  const lastWords = () => words.map((line) => `  ${line}`).join('\n')
  const end = (how: string) => {
    running = false
    died.abort(new Error(`the exporter has ended (${how}):\n${lastWords()}`))
  }
  const closed = once(child, 'close').then(
    ([code, killer]) => end(killer ?? `exit code ${code}`),
    (error: Error) => end(error.message),
  )
  const stop = async () => {
    if (running) child.kill('SIGTERM')
    const force = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
    await closed
    clearTimeout(force)
  }
  const ready = async (signal: AbortSignal) => {
    const over = AbortSignal.any([signal, AbortSignal.timeout(READY_WITHIN_MS)])
    try {
      while (running) {
        if (url !== '' && (await isReady(url, over))) return true
        await delay(20, undefined, { signal: over })
      }
      return false
    } catch (error) {
      await stop()
      throw error
    }
  }
  return {
    get url() {
      return url
    },
    died: died.signal,
    scrape: (signal) => scrape(url, signal),
    stop,
    ready,
    lastWords,
  }
}

/** Ours without the exporter's settings: what the demo shows must not depend on them. */
function environment(): NodeJS.ProcessEnv {
  const isSetting = (name: string) => name.startsWith('QUIC_LB_EXPORTER_') || name === 'QLOG_DIR'
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isSetting(name)))
}

async function isReady(url: string, signal: AbortSignal): Promise<boolean> {
  const answer = await fetch(new URL('/-/ready', url), { signal })
  await answer.body?.cancel()
  return answer.ok
}

async function scrape(url: string, signal: AbortSignal): Promise<Page> {
  const late = AbortSignal.timeout(SCRAPE_WITHIN_MS)
  const answer = await fetch(url, { signal: AbortSignal.any([signal, late]) })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`)
  return readPage(text)
}
