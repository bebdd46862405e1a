import { existsSync, type FSWatcher, statSync, watch } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { KillableExporter } from './exporter.ts'
import type { Scope } from './scope.ts'

/** A moment in which a process dies. */
export interface Moment {
  readonly name: string
  /** Whether something that happened in the state directory may be it. */
  isSign(event: string, file: string): boolean
  /** Whether the frozen process really stands there. */
  isNow(seen: Frozen): boolean
}

/** What can be seen of a process that is frozen in the middle of an answer. */
interface Frozen {
  readonly hasNewFile: boolean
  /** Whether `state` is another file, or longer, than when the scrape was asked for. */
  readonly isReplaced: boolean
  readonly hasGrown: boolean
  /** Whether any byte of the answer has come. */
  readonly isAnswered: boolean
}

/** All moments around a write; a new file is begun at every start and renamed with a scrape. */
export const MOMENTS: readonly Moment[] = [
  {
    name: 'state.tmp begun',
    isSign: (event, file) => event === 'rename' && file === 'state.tmp',
    isNow: ({ hasNewFile }) => hasNewFile,
  },
  {
    name: 'state.tmp written, not renamed',
    isSign: (event, file) => event === 'change' && file === 'state.tmp',
    isNow: ({ hasNewFile, isReplaced }) => hasNewFile && !isReplaced,
  },
  {
    name: 'renamed, not answered',
    isSign: (event, file) => event === 'rename' && file === 'state',
    isNow: ({ isReplaced, isAnswered }) => isReplaced && !isAnswered,
  },
  {
    name: 'appended, not answered',
    isSign: (event, file) => event === 'change' && file === 'state',
    isNow: ({ isReplaced, hasGrown, isAnswered }) => !isReplaced && hasGrown && !isAnswered,
  },
]

/** Longer than the time for which scrapes share one page. */
const ASK_EVERY_MS = 1100
/** For what was sent before the freeze to arrive. */
const ARRIVAL_MS = 20

/**
 * Waits for a moment, freezes the process there, makes sure that it is the moment, and kills it;
 * where it is not, the process goes on. Scrapes until then. False: it did not come within the time.
 */
export async function killAt(
  scope: Scope,
  { program, storage, address }: KillableExporter,
  moment: Moment,
  withinMs: number,
): Promise<boolean> {
  const deadline = performance.now() + withinMs
  const state = join(storage, 'state')
  let before = seenOf(state)
  let scrape: Scrape | undefined
  let frozen = false
  let onFreeze = () => {}
  const watcher: FSWatcher = watch(storage, (event, file) => {
    if (frozen || !moment.isSign(event, file ?? '')) return
    // At once and before anything else: every microsecond takes it further.
    program.freeze()
    frozen = true
    onFreeze()
  })
  scope.teardown(() => watcher.close())
  try {
    while (performance.now() < deadline && program.isRunning) {
      if (!frozen) {
        before = seenOf(state)
        scrape = askForPage(address)
        await Promise.race([
          delay(ASK_EVERY_MS),
          new Promise<void>((resolve) => {
            onFreeze = resolve
          }),
        ])
      }
      if (!frozen) {
        scrape?.socket.destroy()
        continue
      }
      await delay(ARRIVAL_MS)
      const now = seenOf(state)
      const isNow = moment.isNow({
        hasNewFile: existsSync(join(storage, 'state.tmp')),
        isReplaced: now.ino !== before.ino,
        hasGrown: now.size > before.size,
        isAnswered: scrape?.isAnswered() ?? false,
      })
      if (isNow) {
        await program.kill()
        return true
      }
      frozen = false
      program.thaw()
    }
    return false
  } finally {
    scrape?.socket.destroy()
    watcher.close()
  }
}

interface Scrape {
  readonly socket: Socket
  isAnswered(): boolean
}

function askForPage(address: string): Scrape {
  const [host = '', port] = address.split(':')
  let answered = false
  const socket = connect({ host, port: Number(port) })
  socket
    .on('error', () => {})
    .on('data', () => {
      answered = true
    })
  socket.write(`GET /metrics HTTP/1.1\r\nHost: ${address}\r\nConnection: close\r\n\r\n`)
  return { socket, isAnswered: () => answered }
}

function seenOf(path: string): { readonly ino: number; readonly size: number } {
  const stats = statSync(path, { throwIfNoEntry: false })
  return { ino: stats?.ino ?? 0, size: stats?.size ?? 0 }
}
