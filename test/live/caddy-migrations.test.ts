import t from 'tap'
import { startCaddy } from './caddy.ts'
import { BOTTLENECK, migrationsAre, travel, validationsAre } from './migrations.ts'
import { skipWithout } from './peers.ts'

const skip = skipWithout('caddy', 'gtlsclient', 'openssl')
const FILES = { small: 1000, big: 1_000_000 }
const relay = { up: BOTTLENECK, down: BOTTLENECK }
// Less than the bottleneck's queue holds: a challenge that is dropped there is a move that failed.
const NEVER_FULL = '--max-stream-data-bidi-local=30000'

t.test('a NAT gives the client another address, twice', { skip }, async (t) => {
  const rebinds = [
    { atMs: 700, address: '127.0.0.11' },
    { atMs: 1500, address: '127.0.0.12' },
  ]
  const outcome = await travel(t, await startCaddy(t, FILES), {
    path: '/big',
    relay: { ...relay, rebinds },
    clientOptions: [NEVER_FULL],
  })
  migrationsAre(t, outcome.page, { nat_rebinding: 2 })
  validationsAre(t, outcome, { challenges: 2, answered: 2 })
})

// The server sends its challenge when the request arrives, and the client leaves after the answer to
// that: it may be gone before its response, which must not change that it moved.
t.test('a NAT gives the client another port only', { skip }, async (t) => {
  const outcome = await travel(t, await startCaddy(t, FILES), {
    path: '/small',
    clientOptions: ['--change-local-addr=200ms', '--nat-rebinding', '--delay-stream=500ms'],
  })
  migrationsAre(t, outcome.page, { nat_rebinding: 1 })
  validationsAre(t, outcome, { challenges: 1 })
})

t.test('the client moves by itself in the middle of a download', { skip }, async (t) => {
  const outcome = await travel(t, await startCaddy(t, FILES), {
    path: '/big',
    relay,
    clientOptions: ['--change-local-addr=500ms', NEVER_FULL],
  })
  migrationsAre(t, outcome.page, { active: 1 })
  validationsAre(t, outcome, { challenges: 1, answered: 1 })
})

t.test('the client moves by itself, and may be gone before it answers', { skip }, async (t) => {
  const outcome = await travel(t, await startCaddy(t, FILES), {
    path: '/small',
    clientOptions: ['--change-local-addr=200ms', '--delay-stream=500ms'],
  })
  migrationsAre(t, outcome.page, { active: 1 })
  validationsAre(t, outcome, { challenges: 1 })
})

t.test('nothing arrives on the new path', { skip }, async (t) => {
  const outcome = await travel(t, await startCaddy(t, FILES), {
    path: '/big',
    relay: { ...relay, rebinds: [{ atMs: 700, address: '127.0.0.11' }], newPathLossDown: 1 },
    clientOptions: [NEVER_FULL],
  })
  migrationsAre(t, outcome.page, { nat_rebinding: 1, failed: 1 })
  const { length: challenges } = outcome.witness.unansweredMs
  t.ok(challenges >= 1, `${challenges} challenges`)
  validationsAre(t, outcome, { challenges, answered: 0 })
})

t.test('nothing arrives on the new path, and the client leaves at once', { skip }, async (t) => {
  const outcome = await travel(t, await startCaddy(t, FILES), {
    path: '/big',
    relay: { ...relay, rebinds: [{ atMs: 700, address: '127.0.0.11' }], newPathLossDown: 1 },
    clientOptions: [NEVER_FULL],
    leavesAfterMove: true,
  })
  migrationsAre(t, outcome.page, { nat_rebinding: 1 })
  validationsAre(t, outcome, { challenges: 1, answered: 0 })
})
