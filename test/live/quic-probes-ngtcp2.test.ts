/** ngtcp2's server probed over QUIC: both versions, with and without validation of addresses. */
import t, { type Test } from 'tap'
import { QUIC_V1, QUIC_V2 } from '../../exporter/probers/quic/versions.ts'
import { startRelay } from '../../scripts/udp-relay/relay.ts'
import { peer, skipWithout } from './peers.ts'
import { freePort, start } from './processes.ts'
import {
  answers,
  closes,
  look,
  NO_APPLICATION_PROTOCOL,
  speaks,
  untilOpen,
} from './quic-probes-front.ts'
import { makeCertificate, temporaryDirectory } from './workspace.ts'

const skip = skipWithout('gtlsserver', 'openssl')

async function startServer(t: Test, ...options: readonly string[]): Promise<number> {
  const directory = await temporaryDirectory(t)
  const { key, certificate } = await makeCertificate(t, directory)
  const port = await freePort()
  const running = start(t, {
    program: peer('gtlsserver'),
    args: ['--quiet', ...options, '--htdocs', directory, '127.0.0.1', `${port}`, key, certificate],
    cwd: directory,
  })
  await untilOpen(port, running.isRunning)
  return port
}

t.test('ngtcp2', { skip }, async (t) => {
  const port = await startServer(t)
  // Version 2 is spoken, but not offered unless it is preferred.
  await speaks(t, port, [QUIC_V1])
  await answers(t, port)
  await closes(t, port, { alpn: ['no-such-protocol'] }, NO_APPLICATION_PROTOCOL)
})

t.test('ngtcp2, version 2 preferred', { skip }, async (t) => {
  const port = await startServer(t, '--preferred-versions=v2,v1')
  await speaks(t, port, [QUIC_V1, QUIC_V2])
  await answers(t, port)
})

t.test('ngtcp2, addresses validated', { skip }, async (t) => {
  const port = await startServer(t, '--validate-addr')
  await speaks(t, port, [QUIC_V1])
  await answers(t, port, [QUIC_V1, QUIC_V2], { retried: true })
  // Nothing passes in the first 50 ms of each client: it is only slower.
  const relay = await startRelay({ serverPort: port, blackHole: { fromMs: 0, toMs: 50 } })
  t.teardown(() => relay.close())
  t.match(await look('initial', relay.port), { failure: undefined, retried: true })
  const { up } = await relay.close()
  t.ok(up.lost > 0, `${up.lost} lost`)
})
