import t from 'tap'
import { startCaddy } from './caddy.ts'
import { BOTTLENECK, migrationsAre, pageAfter } from './migrations.ts'
import { skipWithout } from './peers.ts'

const skip = skipWithout('caddy', 'gtlsclient', 'openssl')
const FILES = { small: 1000, big: 1_000_000 }
const relay = { up: BOTTLENECK, down: BOTTLENECK }

t.test('a NAT gives the client another address, twice', { skip }, async (t) => {
  const page = await pageAfter(t, await startCaddy(t, FILES), {
    path: '/big',
    relay: {
      ...relay,
      rebinds: [
        { atMs: 700, address: '127.0.0.11' },
        { atMs: 1500, address: '127.0.0.12' },
      ],
    },
  })
  migrationsAre(t, page, { nat_rebinding: 2 })
  t.equal(page.value('quic_path_validations_total'), 2)
  t.equal(page.value('quic_path_validations_failed_total'), 0)
  t.equal(page.value('quic_path_validation_duration_seconds_count'), 2)
})

t.test('a NAT gives the client another port only', { skip }, async (t) => {
  const clientOptions = ['--change-local-addr=200ms', '--nat-rebinding', '--delay-stream=500ms']
  const page = await pageAfter(t, await startCaddy(t, FILES), { path: '/small', clientOptions })
  migrationsAre(t, page, { nat_rebinding: 1 })
})

t.test('the client moves by itself in the middle of a download', { skip }, async (t) => {
  const clientOptions = ['--change-local-addr=500ms']
  const page = await pageAfter(t, await startCaddy(t, FILES), {
    path: '/big',
    relay,
    clientOptions,
  })
  migrationsAre(t, page, { active: 1 })
  t.equal(page.value('quic_path_validations_total'), 1)
})

t.test('the client moves by itself while it has nothing to say', { skip }, async (t) => {
  const clientOptions = ['--change-local-addr=200ms', '--delay-stream=500ms']
  const page = await pageAfter(t, await startCaddy(t, FILES), { path: '/small', clientOptions })
  migrationsAre(t, page, { active: 1 })
  t.equal(page.value('quic_path_validations_total'), 1)
})

t.test('nothing arrives on the new path', { skip }, async (t) => {
  const page = await pageAfter(t, await startCaddy(t, FILES), {
    path: '/big',
    relay: { ...relay, rebinds: [{ atMs: 700, address: '127.0.0.11' }], newPathLossDown: 1 },
  })
  migrationsAre(t, page, { nat_rebinding: 1, failed: 1 })
  t.equal(page.value('quic_path_validations_failed_total'), 1)
  t.equal(page.value('quic_path_validation_duration_seconds_count'), 0)
})

t.test('nothing arrives on the new path, and the client leaves at once', { skip }, async (t) => {
  const page = await pageAfter(t, await startCaddy(t, FILES), {
    path: '/big',
    relay: { ...relay, rebinds: [{ atMs: 700, address: '127.0.0.11' }], newPathLossDown: 1 },
    leavesAfterMove: true,
  })
  migrationsAre(t, page, { nat_rebinding: 1 })
  t.equal(page.value('quic_path_validations_total'), 0)
  t.equal(page.value('quic_path_validations_abandoned_total'), 1)
})
