/** Caddy probed over QUIC: answers as it is configured, and what it logs of that. */
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { QUIC_V1, QUIC_V2 } from '../../exporter/probers/quic/versions.ts'
import { until } from '../support/until.ts'
import { startCaddy } from './caddy.ts'
import { skipWithout } from './peers.ts'
import { answers, closes, look, NO_APPLICATION_PROTOCOL, speaks } from './quic-probes-front.ts'

const skip = skipWithout('caddy', 'openssl')
/** Caddy has no certificate for the name, which is an error of its own to it: alert internal_error. */
const NO_CERTIFICATE = 0x150

t.test('Caddy', { skip }, async (t) => {
  const caddy = await startCaddy(t, {})
  const { port, qlogDirectory } = caddy
  await speaks(t, port, [QUIC_V1, QUIC_V2])
  for (let i = 0; i < 20; i += 1) await look('version_negotiation', port)
  t.strictSame(await readdir(qlogDirectory), [], 'a question of versions is no connection')

  await answers(t, port)
  await closes(t, port, { alpn: ['no-such-protocol'] }, NO_APPLICATION_PROTOCOL)
  await closes(t, port, { serverName: 'other.example' }, NO_CERTIFICATE)

  // Each Initial is one, and ends when the probe leaves: not by a timeout.
  const qlogs = async () => {
    const names = await readdir(qlogDirectory)
    return Promise.all(names.map((name) => readFile(join(qlogDirectory, name), 'utf8')))
  }
  const closed = async () =>
    (await qlogs()).filter((text) => text.includes('transport:connection_closed'))
  await until('all connections to be over', async () => (await closed()).length === 4, {
    withinMs: 5000,
  })
  const left = (await qlogs()).filter((text) =>
    /connection_closed","data":\{"initiator":"remote","connection_error":"no_error"/.test(text),
  )
  t.equal(left.length, 2, 'those that were served, left by the probe')
  const withRoundTrip = (await qlogs()).filter((text) => text.includes('"latest_rtt"'))
  t.equal(withRoundTrip.length, 0, 'no round trip is measured with a probe')
  await caddy.stop()
  t.notOk(existsSync(join(qlogDirectory, '../access.log')) && (await caddy.requests()).length > 0)
})
