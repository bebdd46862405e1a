/** HAProxy probed over QUIC, with and without Retry: its answers, and what its counters say of the probes. */
import { readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { QUIC_V1, QUIC_V2 } from '../../exporter/probers/quic/versions.ts'
import { until } from '../support/until.ts'
import { peer, skipWithout } from './peers.ts'
import { freePort, start } from './processes.ts'
import {
  answers,
  closes,
  look,
  NO_APPLICATION_PROTOCOL,
  speaks,
  UNRECOGNIZED_NAME,
  untilOpen,
} from './quic-probes-front.ts'
import { get } from './request-logs.ts'
import { makeCertificate, temporaryDirectory } from './workspace.ts'

const skip = skipWithout('haproxy', 'openssl')
/** In the draft that it still offers. */
const DRAFT_29 = 0xff00001d
const LOOKS = 200

type Counts = Readonly<Record<string, number>>

/** What HAProxy counts of a frontend, but for 0, read without anything of ours. */
async function countsOf(socketPath: string, frontend: string): Promise<Counts> {
  let text = ''
  const socket = connect(socketPath)
  socket.end('show stat\n')
  for await (const piece of socket) text += piece
  const [head = '', ...rows] = text.trim().split('\n')
  const columns = head.slice(2).split(',')
  const row = rows.map((line) => line.split(',')).find((one) => one[0] === frontend)
  const counted = columns.flatMap((name, index) => {
    const value = Number(row?.[index])
    return name.startsWith('quic_') && value > 0 ? [[name, value] as const] : []
  })
  return Object.fromEntries(counted)
}

t.test('HAProxy', { skip }, async (t) => {
  const directory = await temporaryDirectory(t)
  const [plain, careful, page] = [await freePort(), await freePort(), await freePort()]
  const { certificate, key } = await makeCertificate(t, directory)
  const both = join(directory, 'both.pem')
  await writeFile(both, `${await readFile(certificate, 'utf8')}${await readFile(key, 'utf8')}`)
  const socketPath = join(directory, 'admin.sock')
  await writeFile(
    join(directory, 'haproxy.cfg'),
    `global
    log stdout format raw local0
    cluster-secret of-a-test
    stats socket ${socketPath} mode 600 level admin
defaults
    mode http
    log global
    timeout connect 1s
    timeout client 5s
    timeout server 5s
frontend plain
    bind quic4@127.0.0.1:${plain} ssl crt ${both} alpn h3 strict-sni
    http-request return status 200
frontend careful
    bind quic4@127.0.0.1:${careful} ssl crt ${both} alpn h3 quic-force-retry
    http-request return status 200
frontend page
    no log
    bind 127.0.0.1:${page}
    http-request use-service prometheus-exporter
`,
  )
  const running = start(t, {
    program: peer('haproxy'),
    args: ['-db', '-f', 'haproxy.cfg'],
    cwd: directory,
  })
  await untilOpen(careful, running.isRunning)
  const counts = (frontend: string) => countsOf(socketPath, frontend)

  await t.test('versions: asked 200 times, it counts nothing at all', async (t) => {
    for (const port of [plain, careful]) await speaks(t, port, [QUIC_V1, QUIC_V2, DRAFT_29])
    for (let i = 0; i < LOOKS; i += 1) {
      const { failure } = await look('version_negotiation', plain)
      if (failure !== undefined) t.fail(failure)
    }
    t.strictSame(await counts('plain'), {})
    t.strictSame(await counts('careful'), {}, 'nor does it ask for a token')
    const text = await get(`http://127.0.0.1:${page}/metrics?extra-counters`)
    for (const name of ['hdshk_fail', 'half_open_conn', 'sent_pkt']) {
      const line = new RegExp(
        `^haproxy_frontend_quic_${name}\\{proxy="plain",mod="quic"\\} 0$`,
        'm',
      )
      t.match(text, line, name)
    }
  })

  await t.test('Initials: answered, after a Retry where it is forced', async (t) => {
    await answers(t, plain)
    await answers(t, careful, [QUIC_V1, QUIC_V2], { retried: true })
    const { quic_retry_sent, quic_retry_validated } = await counts('careful')
    t.strictSame([quic_retry_sent, quic_retry_validated], [2, 2], 'its own word on that')
  })

  await t.test('Initials: none stays half-open, none is a failed handshake', async (t) => {
    for (let i = 0; i < 10; i += 1) await look('initial', plain)
    await until(
      'the last words to be heard',
      async () => !('quic_half_open_conn' in (await counts('plain'))),
      {
        withinMs: 2000,
      },
    )
    const { quic_sent_pkt = 0, ...others } = await counts('plain')
    t.strictSame(others, { quic_transp_err_no_error: 12 }, 'one close without error for each')
    t.ok(quic_sent_pkt >= 24, 'but it counts the packets that it sends')
  })

  await t.test('refused: another protocol, another name', async (t) => {
    await closes(t, plain, { alpn: ['no-such-protocol'] }, NO_APPLICATION_PROTOCOL)
    await closes(t, plain, { serverName: 'other.example' }, UNRECOGNIZED_NAME)
    const { quic_hdshk_fail = 0 } = await counts('plain')
    t.comment(`handshakes that HAProxy counts as failed: ${quic_hdshk_fail}`)
    t.ok(quic_hdshk_fail <= 2, 'one for each at most')
  })

  const { stdout } = await running.stop()
  t.notMatch(stdout, /127\.0\.0\.1:\d+ \[/, 'no line in its log')
})
