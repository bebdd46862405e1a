/**
 * `npm run demo`: recorded connections come alive in directories that the real exporter watches. Exit
 * code 0 after Ctrl-C or a true table, 1 after trouble or a wrong figure, 2 for a wrong command line.
 */
import { check } from './demo/check.ts'
import { trueValues } from './demo/figures.ts'
import { introduction } from './demo/introduction.ts'
import { playLive } from './demo/live.ts'
import { readOptions, USAGE } from './demo/options.ts'
import { painter } from './demo/paint.ts'
import { readRecordings } from './demo/recordings.ts'
import { Screen } from './demo/screen.ts'
import { onStage, type Stage } from './demo/stage.ts'

/** Exit code of a check that was cut short, as shells have it for SIGINT. */
const INTERRUPTED = 130

const { stdout, stderr } = process
const paint = painter(stdout.isTTY === true, process.env)
const print = (text: string) => void stdout.write(text)
process.exitCode = await main()

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2), stdout.isTTY === true)
  switch (options.type) {
    case 'help':
      print(USAGE)
      return 0
    case 'wrong':
      stderr.write(`${options.text}\n\n${USAGE}`)
      return 2
    case 'once': {
      const recordings = readRecordings()
      const truths = trueValues(recordings)
      return perform((stage) => check(stage, recordings, truths, { paint, print }), INTERRUPTED)
    }
    case 'live':
      return perform((stage) => playForever(stage, options.speed), 0)
  }
}

async function playForever(stage: Stage, speed: number): Promise<never> {
  print(introduction(stage.exporter.url, paint))
  const screen = new Screen(stdout, paint)
  return playLive(stage, readRecordings(), speed, (page, seconds) => screen.show(page, seconds))
}

/** Performs until it is over or a signal asks for an end, then clears everything away. */
async function perform(act: (stage: Stage) => Promise<number>, whenStopped: number) {
  const stop = new AbortController()
  // More than one may come: npm hands on what the terminal sends to everybody.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => stop.abort())
  }
  // Nobody reads any more.
  stdout.on('error', () => stop.abort())
  // npm hands SIGTERM on to its shell, which dies of it and tells nobody.
  const parent = process.ppid
  setInterval(() => parent !== process.ppid && stop.abort(), 500).unref()
  try {
    return await onStage(stop.signal, act)
  } catch (error) {
    if (stop.signal.aborted) {
      print('\nThe demo has ended; its exporter is stopped and its files are removed.\n')
      return whenStopped
    }
    stderr.write(`\ndemo: ${error instanceof Error ? error.message : error}\n`)
    return 1
  }
}
