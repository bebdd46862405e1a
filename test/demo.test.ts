import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { check } from '../scripts/demo/check.ts'
import { trueValues } from '../scripts/demo/figures.ts'
import { painter } from '../scripts/demo/paint.ts'
import { readRecordings } from '../scripts/demo/recordings.ts'
import { onStage } from '../scripts/demo/stage.ts'
import { until } from './support/until.ts'

const DEMO = join(import.meta.dirname, '../scripts/demo.ts')
const PATIENCE = { withinMs: 20_000, everyMs: 50 }
const paint = painter(false, {})

/** The demo in a process of its own; its temporary files go to a directory. */
function startDemo(t: Test, directory: string, ...args: string[]) {
  // A setting of the user's must not change what the demo shows.
  const env = { ...process.env, TMPDIR: directory, QUIC_LB_EXPORTER_TAIL_SWEEP_INTERVAL: '1m' }
  const child = spawn(process.execPath, [DEMO, ...args], { env })
  t.teardown(() => child.kill('SIGKILL'))
  const output = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text) => (output.out += text))
  child.stderr.setEncoding('utf8').on('data', (text) => (output.err += text))
  const ended = once(child, 'close').then(([code]) => code as number | null)
  const left = () => readdirSync(directory)
  const playing = () => until('connections on the page', () => page(output.out), PATIENCE)
  return { child, output, ended, left, playing }
}

/** The address that was printed, once connections have begun there. */
async function page(printed: string): Promise<string | undefined> {
  const url = /http:\S+(?=\s)/.exec(printed)?.[0]
  if (url === undefined) return undefined
  const text = await (await fetch(url)).text()
  return /^quic_connections_total\{source="caddy"\} [1-9]/m.test(text) ? url : undefined
}

async function isServed(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

t.test('without a terminal one pass is played and the page is true', async (t) => {
  const { output, ended, left } = startDemo(t, t.testdir())
  t.equal(await ended, 0, output.err)
  t.match(output.out, /^producer +what +truth +page +ok$/m)
  t.equal(output.out.match(/ yes$/gm)?.length, 51)
  t.notMatch(output.out, / NO$/m)
  t.match(output.out, '33 connections, 51 figures: the page is true')
  t.notMatch(output.out, '\x1b')
  t.equal(output.err, '')
  t.same(left(), [])
})

t.test('a page that is not true ends with 1; a second pass finds the same', async (t) => {
  const recordings = readRecordings()
  const truths = trueValues(recordings)
  const never = new AbortController().signal
  const [first, second] = await onStage(never, async (stage) => {
    const play = async () => {
      let text = ''
      const print = (more: string) => {
        text += more
      }
      return { code: await check(stage, recordings, truths, { paint, print }), text }
    }
    const first = await play()
    truths.get('quiche')?.set('NAT rebindings', 5)
    truths.get('quiche')?.set('packets lost spuriously', 0)
    return [first, await play()] as const
  })
  t.equal(first.code, 0)
  t.equal(second.code, 1)
  const before = first.text.split('\n')
  const changed = second.text.split('\n').filter((line, index) => line !== before[index])
  t.equal(changed.length, 3)
  t.match(changed[0], /^quiche +packets lost spuriously +0 +– {2}NO$/)
  t.match(changed[1], /^quiche +NAT rebindings +5 +4 {2}NO$/)
  t.equal(changed[2], '33 connections, 51 figures: 2 on the page are wrong')
})

t.test('a signal ends the live demo and leaves nothing behind', async (t) => {
  const directory = t.testdir({ SIGINT: {}, SIGTERM: {} })
  const signals = ['SIGINT', 'SIGTERM'] as const
  const demos = signals.map((signal) => startDemo(t, join(directory, signal), '--live'))
  const urls = await Promise.all(demos.map(({ playing }) => playing()))
  t.not(urls[0], urls[1], 'the second takes another port')
  const page = await (await fetch(urls[0] ?? '')).text()
  for (const [, name = ''] of demos[0]?.output.out.matchAll(/^ {2}(quic_\w+)/gm) ?? []) {
    t.match(page, `\n${name}`, 'what is to be seen is there')
  }
  for (const [index, { child, ended, left, output }] of demos.entries()) {
    const url = urls[index] ?? ''
    t.ok(await isServed(url), url)
    t.equal(left().length, 1)
    const begun = performance.now()
    child.kill(signals[index])
    t.equal(await ended, 0, output.err)
    t.ok(performance.now() - begun < 3000, 'within 3 s')
    t.notOk(await isServed(url))
    t.same(left(), [])
    t.equal(output.err, '')
  }
})

const hasProc = readdirSync('/').includes('proc')
t.test('the demo ends when its exporter dies', { skip: !hasProc && 'no /proc' }, async (t) => {
  const { child, output, ended, left, playing } = startDemo(t, t.testdir(), '--live')
  await playing()
  const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')
  process.kill(Number(children.trim()), 'SIGKILL')
  t.equal(await ended, 1)
  t.match(output.err, 'demo: the exporter has ended (SIGKILL):')
  t.same(left(), [])
})

t.test('a wrong command line ends with 2 and a hint', async (t) => {
  const { output, ended } = startDemo(t, t.testdir(), '--onec')
  t.equal(await ended, 2)
  t.match(output.err, /^unknown option --onec: did you mean --once\?\n\nusage: /)
})
