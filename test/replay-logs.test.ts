/** `replay` of logs that are no qlog: what must be told, and what the configuration says of them. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parseCommandLine } from '../exporter/cli.ts'
import { replayPage } from '../scripts/snap/goldens.ts'
import { parsePage, total } from './support/page.ts'

const LINE = (upstream: string) =>
  `${JSON.stringify({
    level: 'info',
    ts: 1_795_369_570.5,
    logger: 'http.log.access.log0',
    msg: 'handled request',
    request: { proto: 'HTTP/3.0', method: 'GET', host: 'secret.example', uri: '/secret' },
    duration: 0.25,
    size: 14,
    status: 200,
    upstream,
  })}\n`

t.test('a dialect that nobody knows is refused with what was meant', async (t) => {
  const command = parseCommandLine(['replay', '--dialect', 'cady', 'x.log'], {})
  t.equal(command.command, 'error')
  t.match(command, { text: /--dialect must be .*"cady": did you mean caddy\?/ })
})

t.test(
  'the configuration names the backends, and the source says what its files are',
  async (t) => {
    const root = t.testdir({
      'access.log': LINE('127.0.0.1:9001') + LINE('127.0.0.1:9009'),
      'config.yml': [
        'backends: [{ name: b1, aliases: ["127.0.0.1:9001"] }]',
        'sources: [{ name: lb, paths: [/var/log/caddy], dialect: caddy }]',
      ].join('\n'),
    })
    const file = join(root, 'access.log')
    const page = parsePage(
      await replayPage('--config.file', join(root, 'config.yml'), '--source', 'lb', file),
    )
    t.equal(total(page, 'quic_lb_requests_total', { protocol: 'h3', code: '2xx', source: 'lb' }), 2)
    t.equal(total(page, 'quic_lb_backend_requests_total', { backend: 'b1', code: '2xx' }), 1)
    t.equal(total(page, 'quic_lb_backend_requests_total', { backend: 'other' }), 1)

    const without = parsePage(await replayPage('--dialect', 'caddy', file))
    t.equal(total(without, 'quic_lb_backend_requests_total', { backend: 'other' }), 2)
    writeFileSync(join(root, 'config.yml'), 'sources: []')
    await t.rejects(replayPage('--config.file', join(root, 'config.yml'), file), {
      message: /nothing to read/,
    })
  },
)
