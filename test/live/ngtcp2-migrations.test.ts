import t from 'tap'
import { BOTTLENECK, LONG_BOTTLENECK, migrationsAre, travel } from './migrations.ts'
import { startNgtcp2Server } from './ngtcp2-server.ts'
import { skipWithout } from './peers.ts'

const skip = skipWithout('gtlsserver', 'gtlsclient', 'openssl')
const DOWNLOAD = { path: '/1000000', relay: { up: BOTTLENECK, down: BOTTLENECK } }
const rebinds = [
  { atMs: 700, address: '127.0.0.11' },
  { atMs: 1500, address: '127.0.0.12' },
]

// The server also validates the path that was left, up to one round trip later: no move of its own.
for (const [name, line] of Object.entries({ BOTTLENECK, LONG_BOTTLENECK })) {
  t.test(`a NAT gives the client another address, twice, ${name}`, { skip }, async (t) => {
    const relay = { up: line, down: line, rebinds }
    const { page } = await travel(t, await startNgtcp2Server(t), { ...DOWNLOAD, relay })
    migrationsAre(t, page, { nat_rebinding: 2 })
  })
}

t.test('a NAT gives the client another port only, twice', { skip }, async (t) => {
  const relay = { ...DOWNLOAD.relay, rebinds: rebinds.map(({ atMs }) => ({ atMs })) }
  const { page } = await travel(t, await startNgtcp2Server(t), { ...DOWNLOAD, relay })
  migrationsAre(t, page, { nat_rebinding: 2 })
})

t.test('a NAT gives the client another port, the old path is dead', { skip }, async (t) => {
  const clientOptions = ['--change-local-addr=500ms', '--nat-rebinding']
  const { page } = await travel(t, await startNgtcp2Server(t), { ...DOWNLOAD, clientOptions })
  migrationsAre(t, page, { nat_rebinding: 1 })
})

t.test('the client moves by itself in the middle of a download', { skip }, async (t) => {
  const clientOptions = ['--change-local-addr=500ms']
  const { page } = await travel(t, await startNgtcp2Server(t), { ...DOWNLOAD, clientOptions })
  migrationsAre(t, page, { active: 1 })
})
