/** nginx probed over QUIC: answers as it is configured, and what it logs of that. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { QUIC_V1, QUIC_V2 } from '../../exporter/probers/quic/versions.ts'
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
import { makeCertificate, SERVER_NAME, temporaryDirectory } from './workspace.ts'

const skip = skipWithout('nginx', 'openssl')

t.test('nginx', { skip }, async (t) => {
  const directory = await temporaryDirectory(t)
  const [plain, careful] = [await freePort(), await freePort()]
  await makeCertificate(t, directory)
  const certificate = 'ssl_certificate cert.pem; ssl_certificate_key key.pem;'
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((what) => `${what}_temp_path ${what};`)
    .join(' ')
  await writeFile(
    join(directory, 'nginx.conf'),
    `daemon off; master_process off; pid nginx.pid; error_log error.log info;
events {}
http {
  access_log access.log; ${temporary}
  server { listen 127.0.0.1:${plain} quic; server_name ${SERVER_NAME}; ${certificate} }
  server { listen 127.0.0.1:${plain} quic default_server; ssl_reject_handshake on; }
  server {
    listen 127.0.0.1:${careful} quic; ${certificate}
    quic_retry on; ssl_ecdh_curve secp384r1;
  }
}
`,
  )
  const running = start(t, {
    program: peer('nginx'),
    args: ['-p', directory, '-e', 'error.log', '-c', 'nginx.conf'],
    cwd: directory,
  })
  await untilOpen(careful, running.isRunning)
  const errors = async () => {
    const text = await readFile(join(directory, 'error.log'), 'utf8')
    return text.split('\n').filter((line) => / \[(info|warn|error|crit)\] /.test(line))
  }

  for (let i = 0; i < 20; i += 1) await speaks(t, plain, [QUIC_V1])
  await speaks(t, careful, [QUIC_V1])
  await answers(t, plain, [QUIC_V1])
  // The group has to be asked for, since no probe sends a share of P-384.
  await answers(t, careful, [QUIC_V1], { retried: true, answer: 'hello_retry_request' })
  t.match(await look('initial', plain, { version: QUIC_V2 }), {
    failure: 'version',
    answer: 'version_negotiation',
    versions: [QUIC_V1],
  })
  t.strictSame(await errors(), [], 'not a word, at level info')

  await closes(t, plain, { alpn: ['no-such-protocol'] }, NO_APPLICATION_PROTOCOL)
  await closes(t, plain, { serverName: 'other.example' }, UNRECOGNIZED_NAME)
  t.equal((await errors()).length, 2, 'a line for each hello that it refused')
  t.equal(await readFile(join(directory, 'access.log'), 'utf8'), '', 'no request')
})
