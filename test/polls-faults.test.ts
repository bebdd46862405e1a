/** Balancers that are asked and do not behave: counted by reason, bounded, and survived. */
import { chmodSync } from 'node:fs'
import t from 'tap'
import type { POLL_FAILURES } from '../exporter/collectors/tailing.ts'
import { failureOf } from '../exporter/polls/question.ts'
import { showStat } from './support/answers.ts'
import { askedByHttp, askedBySocket, asking } from './support/asked.ts'
import {
  caddyAt,
  failures,
  GOOD,
  haproxyAt,
  lifeOf,
  pageOf,
  socketPath,
  value,
} from './support/asking.ts'

const MIB = 1 << 20

t.test(
  'every way in which HTTP can go wrong is counted by its reason, and it lives on',
  async (t) => {
    const caddy = await askedByHttp(t, (response) => response.end(GOOD))
    const life = await lifeOf(t, asking({ lb: caddyAt(caddy.url) }))
    const cases: readonly (readonly [
      string,
      (typeof POLL_FAILURES)[number],
      typeof caddy.answer,
    ])[] = [
      ['404', 'status', (response) => response.writeHead(404).end(GOOD)],
      ['500', 'status', (response) => response.writeHead(500).end()],
      ['204', 'status', (response) => response.writeHead(204).end()],
      [
        'a redirect',
        'redirect',
        (response) => response.writeHead(302, { location: `${caddy.url}/other` }).end(),
      ],
      ['something else', 'content', (response) => response.end('<html></html>')],
      ['nothing', 'content', (response) => response.end()],
      ['no HTTP', 'content', (response) => response.socket?.end('HELLO\r\n\r\n')],
      ['5 MiB', 'too_large', (response) => response.end(Buffer.alloc(5 * MIB, ' '))],
      ['a body without end', 'too_large', (response) => pour(response)],
      [
        'a body that is never finished',
        'timeout',
        (response) => void response.writeHead(200, { 'content-length': '9' }).write('[]'),
      ],
      ['no answer', 'timeout', () => undefined],
      [
        'a body that is cut',
        'closed',
        (response) => {
          response.writeHead(200, { 'content-length': '9' }).write('[]')
          setImmediate(() => response.socket?.destroy())
        },
      ],
      ['a connection that is closed', 'closed', (response) => response.socket?.destroy()],
    ]
    const expected: Record<string, number> = {}
    let polls = 0
    for (const [what, reason, answer] of cases) {
      caddy.answer = answer
      await life.look()
      expected[reason] = (expected[reason] ?? 0) + 1
      polls += 1
      const page = await pageOf(life)
      t.same(failures(page, 'lb'), expected, what)
      t.equal(value(page, 'quic_exporter_source_up', { source: 'lb' }), 0, what)
      caddy.answer = (response) => response.end(GOOD)
      await life.look()
      polls += 1
      const good = await pageOf(life)
      t.equal(value(good, 'quic_exporter_source_up', { source: 'lb' }), 1, `good after ${what}`)
      t.equal(value(good, 'quic_exporter_polls_total', { source: 'lb' }), polls)
    }
    t.equal(caddy.questions, polls, 'a redirect is not followed')
    await caddy.close()
    await life.look()
    t.match(failures(await pageOf(life), 'lb'), { unreachable: 1 })
  },
)

t.test('every way in which a socket can go wrong is counted by its reason', async (t) => {
  const path = socketPath(t)
  const life = await lifeOf(t, asking({ lb: haproxyAt(`unix:${path}`) }))
  const expected: Record<string, number> = { unreachable: 1 }
  await life.look()
  t.same(failures(await pageOf(life), 'lb'), expected, 'no socket')
  const haproxy = await askedBySocket(t, path, (socket) => socket.end(showStat({})))
  const cases: readonly (readonly [
    string,
    (typeof POLL_FAILURES)[number],
    typeof haproxy.answer,
  ])[] = [
    ['cut', 'content', (socket) => socket.end(showStat({}).slice(0, -1))],
    ['nothing', 'content', (socket) => socket.end()],
    ['permission', 'content', (socket) => socket.end('Permission denied\n\n')],
    ['5 MiB', 'too_large', (socket) => socket.end(Buffer.alloc(5 * MIB, '\n'))],
    ['without end', 'too_large', (socket) => pour(socket)],
    ['never finished', 'timeout', (socket) => void socket.write('# pxname,')],
  ]
  for (const [what, reason, answer] of cases) {
    haproxy.answer = answer
    await life.look()
    expected[reason] = (expected[reason] ?? 0) + 1
    t.same(failures(await pageOf(life), 'lb'), expected, what)
  }
  haproxy.answer = (socket, command) => {
    t.equal(command, 'show info;show stat\n')
    socket.end(showStat({}))
  }
  await life.look()
  t.equal(value(await pageOf(life), 'quic_exporter_source_up', { source: 'lb' }), 1)
  t.same(failures(await pageOf(life), 'lb'), expected)
})

/** Root may open everything: somebody else asks. */
async function asNobody(work: () => Promise<void>): Promise<void> {
  const isRoot = process.getuid?.() === 0
  if (isRoot) process.seteuid?.(65_534)
  try {
    await work()
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
}

t.test('a socket that nobody may open is told apart', async (t) => {
  const path = socketPath(t)
  await askedBySocket(t, path, (socket) => socket.end(showStat({})))
  chmodSync(path, 0)
  const life = await lifeOf(t, asking({ lb: haproxyAt(`unix:${path}`) }))
  await asNobody(() => life.look())
  t.same(failures(await pageOf(life), 'lb'), { permission: 1 })
})

t.test('whatever else is thrown has a reason', async (t) => {
  t.equal(failureOf(Object.assign(new Error('x'), { code: 'EACCES' })), 'permission')
  t.equal(failureOf(new Error('x')), 'other')
  t.equal(failureOf('x'), 'other')
})

/** As fast as it is read, for ever. */
function pour(to: NodeJS.WritableStream & { destroyed?: boolean }): void {
  const piece = Buffer.alloc(MIB, '\n')
  const more = () => {
    while (to.destroyed !== true && to.write(piece)) {
      // The next piece.
    }
  }
  to.on('drain', more)
  more()
}
