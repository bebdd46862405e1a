/** A front door is probed by the exporter that reads its qlog: its users are counted, the probes are not. */
import { copyFile, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { until } from '../support/until.ts'
import { startCaddy } from './caddy.ts'
import { curl } from './clients.ts'
import { type Page, parsePage, startExporterWith } from './exporter.ts'
import { startNgtcp2Server } from './ngtcp2-server.ts'
import { skipWithout } from './peers.ts'
import { run } from './processes.ts'
import { SERVER_NAME, temporaryDirectory } from './workspace.ts'

const MAIN = fileURLToPath(new URL('../../exporter/main.ts', import.meta.url))
const LEFT_OUT = 'quic_exporter_own_probe_traces_total'
const USERS = 4
const PROBES = 4

interface FrontDoor {
  readonly port: number
  readonly qlogDirectory: string
}

/** Users come while the front door is probed; then the exporter is started again, and another file is there. */
async function watch(t: Test, door: FrontDoor, path: string, retried: boolean): Promise<void> {
  const { port, qlogDirectory } = door
  const directory = await temporaryDirectory(t)
  const config = join(directory, 'exporter.yml')
  const unprobed = [
    'sources:',
    `  - { name: lb, paths: [${qlogDirectory}], start_at: beginning }`,
    'storage:',
    `  path: ${directory}/state\n`,
  ].join('\n')
  const how = 'probes: [initial], interval: 2s, timeout: 1900ms'
  const front = `  - { name: front, address: '127.0.0.1:${port}', server_name: ${SERVER_NAME}, ${how} }\n`
  await writeFile(config, `${unprobed}targets:\n${front}`)
  const first = await startExporterWith(t, ['--config.file', config])
  for (let user = 0; user < USERS; user += 1) await curl(t, port, [path])
  const asked = await fetch(`http://${first.address}/probe?target=front&debug=true`)
  const answer = await asked.text()
  t.equal(asked.status, 200, 'asked by hand')
  const probed = await first.untilPage(
    `${PROBES} probes`,
    (page) => (page.value('quic_probes_total', { probe: 'initial' }) ?? 0) >= PROBES,
    30_000,
  )
  // The next one is due in about two seconds.
  await writeFile(config, unprobed)
  first.running.child.kill('SIGHUP')
  const isRead = () => first.running.stderr().includes('configuration read again')
  await until('the end of probing', isRead, { withinMs: 10_000 })
  t.equal(probed.value('quic_probes_failed_total'), 0, 'every probe was answered')
  const regular = probed.value('quic_probes_total') ?? 0
  t.equal(probed.value('quic_probe_retries_total'), retried ? regular : 0, 'Retry or none')

  // One was asked for by hand.
  const probes = regular + 1
  const page = await first.untilPage(
    `${probes} traces of probes and ${USERS} of users`,
    (now) => now.value(LEFT_OUT) === probes && now.value('quic_connections_total') === USERS,
  )
  const files = await readdir(qlogDirectory)
  t.equal(files.length, USERS + probes, 'the witness: a file for each')
  t.equal(page.value('quic_handshakes_failed_total'), 0, 'no handshake failed')
  t.equal(page.value('quic_exporter_records_failed_total'), 0, 'every record was read')
  await first.running.stop()

  const sizes = await Promise.all(files.map((file) => stat(join(qlogDirectory, file))))
  const smallest = sizes.reduce(
    (best, { size }, i) => (size < (sizes[best]?.size ?? 0) ? i : best),
    0,
  )
  await copyFile(join(qlogDirectory, files[smallest] ?? ''), join(qlogDirectory, 'again.sqlog'))
  const second = await startExporterWith(t, ['--config.file', config])
  const later = await second.untilPage(
    'the probe of an earlier process',
    (now) => now.value(LEFT_OUT) === probes + 1,
  )
  t.equal(later.value('quic_connections_total'), USERS, 'still the users alone')
  t.equal(later.value('quic_handshakes_failed_total'), 0, 'still none failed')
  await second.running.stop()

  const replayed = await replay(t, qlogDirectory)
  t.equal(replayed.value('quic_connections_total'), USERS + probes + 1, 'replay has no key')
  t.equal(replayed.value(LEFT_OUT), undefined)

  const state = await readFile(join(directory, 'state', 'state'), 'latin1')
  const keys = [...state.matchAll(/"key":"([0-9a-f]{64})"/g)].map(([, key = '']) => key)
  t.equal(new Set(keys).size, 1, 'the state keeps one key')
  const shown = [answer, page.text, later.text, first.running.stderr(), second.running.stderr()]
  t.notOk(
    shown.some((text) => keys.some((key) => text.includes(key))),
    'and nothing shows it',
  )
}

async function replay(t: Test, directory: string): Promise<Page> {
  const { code, stdout, stderr } = await run(t, {
    program: process.execPath,
    args: [MAIN, 'replay', directory],
  })
  t.equal(code, 0, stderr)
  return parsePage(stdout)
}

t.test('Caddy', { skip: skipWithout('caddy', 'curl', 'openssl') }, async (t) => {
  await watch(t, await startCaddy(t, { small: 1000 }), '/small', false)
})

t.test('ngtcp2', { skip: skipWithout('gtlsserver', 'curl', 'openssl') }, async (t) => {
  await watch(t, await startNgtcp2Server(t), '/1000', false)
})

t.test(
  'ngtcp2, addresses validated',
  { skip: skipWithout('gtlsserver', 'curl', 'openssl') },
  async (t) => {
    await watch(t, await startNgtcp2Server(t, ['--validate-addr']), '/1000', true)
  },
)
