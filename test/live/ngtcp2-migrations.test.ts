import t from 'tap'
import { BOTTLENECK, LONG_BOTTLENECK, migrationsAre, pageAfter } from './migrations.ts'
import { startNgtcp2Server } from './ngtcp2-server.ts'
import { skipWithout } from './peers.ts'

const skip = skipWithout('gtlsserver', 'gtlsclient', 'openssl')
const TWO_ADDRESSES = [
  { atMs: 700, address: '127.0.0.11' },
  { atMs: 1500, address: '127.0.0.12' },
]

for (const [name, line] of Object.entries({ BOTTLENECK, LONG_BOTTLENECK })) {
  t.test(`a NAT gives the client another address, twice, ${name}`, { skip }, async (t) => {
    const page = await pageAfter(t, await startNgtcp2Server(t), {
      path: '/1000000',
      relay: { up: line, down: line, rebinds: TWO_ADDRESSES },
    })
    migrationsAre(t, page, { nat_rebinding: 2 })
  })
}

t.test('the client moves by itself in the middle of a download', { skip }, async (t) => {
  const page = await pageAfter(t, await startNgtcp2Server(t), {
    path: '/1000000',
    relay: { up: BOTTLENECK, down: BOTTLENECK },
    clientOptions: ['--change-local-addr=500ms'],
  })
  migrationsAre(t, page, { active: 1 })
})
