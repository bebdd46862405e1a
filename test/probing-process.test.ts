/** The exporter as an operator runs it, with nothing but things to probe: start, reload, restart, /probe. */
import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Running, start } from './live/processes.ts'
import { type Page, parsePage, total } from './support/page.ts'
import { closedPort } from './support/probe-servers.ts'
import { startHealthServer } from './support/probing.ts'
import { until } from './support/until.ts'

const MAIN = join(import.meta.dirname, '../exporter/main.ts')
const PATIENCE = { withinMs: 30_000, everyMs: 50 }
const UP = 'quic_lb_backend_up'
const PROBES = 'quic_lb_backend_probes_total'

interface Exporter {
  readonly running: Running
  readonly url: string
  page(): Promise<Page>
  untilUp(value: number): Promise<Page>
}

async function startExporter(t: Test, config: string): Promise<Exporter> {
  const running = start(t, { program: process.execPath, args: [MAIN, '--config.file', config] })
  const url = await until(
    'the address that it listens on',
    () => {
      if (!running.isRunning()) throw new Error(running.stderr())
      return /http:\/\/127\.0\.0\.1:\d+/.exec(running.stderr())?.[0]
    },
    PATIENCE,
  )
  const page = async () => parsePage(await (await fetch(`${url}/metrics`)).text())
  const untilUp = (value: number) =>
    until(
      `up ${value}`,
      async () => {
        const now = await page()
        return total(now, UP) === value && now
      },
      PATIENCE,
    )
  return { running, url, page, untilUp }
}

t.test('backends alone are a configuration; reload, restart and /probe', async (t) => {
  const directory = t.testdir({})
  const [one, two] = [await startHealthServer(t), await startHealthServer(t)]
  const file = join(directory, 'config.yml')
  const write = (backends: readonly object[], more: object = {}) =>
    writeFileSync(
      file,
      JSON.stringify({
        backends,
        probes: { interval: '1s', timeout: '900ms', rise: 1, fall: 1 },
        web: { listen: ['127.0.0.1:0'] },
        storage: { path: join(directory, 'state') },
        ...more,
      }),
    )
  const b1 = { name: 'b1', probe: one.url }
  const front = { name: 'front', address: `127.0.0.1:${await closedPort()}` }
  write([b1], { targets: [front] })
  t.equal(
    execFileSync(process.execPath, [MAIN, 'check-config', '--config.file', file], {
      encoding: 'utf8',
    }),
    'the configuration is good: 0 source(s), 1 backend(s) probed, 1 front door(s) probed\n',
  )
  const targets = join(directory, 'targets.json')
  writeFileSync(targets, '[{ "targets": ["10.0.0.1"] }]')
  write([b1], { targets: [front], probes: { targets_files: [targets, `${targets}.yml`] } })
  const { status, stderr } = spawnSync(
    process.execPath,
    [MAIN, 'check-config', '--config.file', file],
    {
      encoding: 'utf8',
    },
  )
  t.equal(status, 2, 'files of targets are checked too')
  const [wrong = '', missing = ''] = stderr.split('\n')
  t.match(wrong, /targets\.json:1:16 \[0\]\.targets\[0\]: must be http/)
  t.match(
    missing,
    /c\S+:\d+:\d+ probes\.targets_files\[1\]: \S+\.json\.yml: cannot be read: no such file/,
  )
  write([b1], { targets: [front] })
  const first = await startExporter(t, file)
  await first.untilUp(1)
  t.match(first.running.stderr(), /"probes":"1 backend, 1 front door"/)
  t.equal((await fetch(`${first.url}/-/ready`)).status, 200)

  // The new one comes, the old one goes on.
  const before = total(await first.page(), PROBES, { backend: 'b1' }) ?? 0
  write([b1, { name: 'b2', probe: two.url }], { targets: [] })
  first.running.child.kill('SIGHUP')
  const both = await first.untilUp(2)
  t.ok((total(both, PROBES, { backend: 'b1' }) ?? 0) >= before)
  t.notOk(both.has('quic_probes_total'), 'the front door is gone')
  t.notMatch(first.running.stderr(), /count from the next start on/, 'nothing waits for a start')
  const told = '"probes":"changed","backends":"1 to 2","front_doors":"1 to 0"'
  t.match(first.running.stderr(), `${told},"msg":"configuration read again"`, 'nothing else did')

  // A mistake changes nothing.
  write([{ ...b1, module: 'nope' }])
  first.running.child.kill('SIGHUP')
  await until('the mistake', () => first.running.stderr().includes('no module'), PATIENCE)
  t.match(first.running.stderr(), /"why":"[^"]+:\d+:\d+ backends\[0\]\.module: there is no module/)
  t.equal(total(await first.page(), UP), 2)

  const probe = await (await fetch(`${first.url}/probe?target=b2`)).text()
  t.equal(total(parsePage(probe), 'probe_success'), 1)
  t.equal((await fetch(`${first.url}/probe?target=b3`)).status, 400)
  t.notOk((await first.page()).has('probe_success'), 'never on the page of the exporter')

  // Killed as nothing can prevent, after a page that was shown.
  first.running.child.kill('SIGKILL')
  await first.running.ended
  write([b1, { name: 'b2', probe: two.url, interval: '1h' }])
  await two.close()
  const second = await startExporter(t, file)
  const now = await second.page()
  t.equal(total(now, UP, { backend: 'b2' }), 1, 'known from before, younger than five minutes')
  t.ok((total(now, PROBES, { backend: 'b2' }) ?? 9) <= 1, 'its counters began at 0')
  second.running.child.kill('SIGTERM')
  t.equal((await second.running.ended).code, 0)
})
