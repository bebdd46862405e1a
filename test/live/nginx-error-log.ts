import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Test } from 'tap'
import { until } from '../support/until.ts'
import { type Exporter, startExporterWith } from './exporter.ts'
import { peer } from './peers.ts'
import { freePort, start } from './processes.ts'
import { makeCertificate, SERVER_NAME, temporaryDirectory } from './workspace.ts'

const DOCUMENT = new URL('../../docs/proxies/nginx.md', import.meta.url)
const LOG_IN_DOCUMENT = '/var/log/nginx/error.log'

/** A backend that answers `/NUMBER` with so many bytes. */
export interface Backend {
  readonly address: string
  /** From now on nobody listens there. */
  stop(): Promise<void>
}

/** nginx in front of two backends, and the exporter on its error log, both as the document says. */
export interface NginxAndExporter {
  readonly port: number
  readonly backends: readonly [Backend, Backend]
  readonly exporter: Exporter
  /** Addresses and statuses of every try, by nginx's access log: `127.0.0.1:9001 502`. */
  tries(): Promise<readonly string[]>
}

/** The code blocks of the document's section `Error log`, by their language. */
async function snippets(): Promise<Readonly<Record<'nginx' | 'yaml', string>>> {
  const text = await readFile(DOCUMENT, 'utf8')
  const section = text.slice(text.indexOf('\n## Error log\n'))
  const block = (language: string) => {
    const [, code] = new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(section) ?? []
    if (code === undefined) throw new Error(`the document has no ${language} in its section`)
    return code
  }
  return { nginx: block('nginx'), yaml: block('yaml') }
}

const configuration = (
  directory: string,
  port: number,
  backends: readonly Backend[],
  directives: string,
) => `
daemon off;
master_process off;
pid ${directory}/nginx.pid;
events { worker_connections 512; }
http {
  log_format tries '$upstream_addr|$upstream_status';
  access_log ${directory}/access.log tries;
  ${['client_body', 'proxy', 'fastcgi', 'scgi', 'uwsgi']
    .map((name) => `${name}_temp_path ${directory}/${name};`)
    .join('\n  ')}
  upstream app {
    ${backends.map(({ address }) => `server ${address} max_fails=2 fail_timeout=60s;`).join('\n    ')}
  }
  server {
    listen 127.0.0.1:${port} quic reuseport;
    listen 127.0.0.1:${port} ssl;
    server_name ${SERVER_NAME};
    quic_active_connection_id_limit 4;
    ${directives}
    ssl_certificate ${directory}/cert.pem;
    ssl_certificate_key ${directory}/key.pem;
    location / { proxy_pass http://app; proxy_max_temp_file_size 0; }
  }
}
`

/** Starts all of them; `level` takes the place of the document's, `directives` are for the server. */
export async function startNginxAndExporter(
  t: Test,
  {
    level = 'info',
    directives = '',
  }: { readonly level?: 'info' | 'debug'; readonly directives?: string } = {},
): Promise<NginxAndExporter> {
  const directory = await temporaryDirectory(t)
  const port = await freePort()
  const backends = [await startBackend(t), await startBackend(t)] as const
  const log = join(directory, 'error.log')
  const { nginx, yaml } = await snippets()
  const settings = [
    ['10.0.0.1:8080', backends[0].address] as const,
    ['10.0.0.2:8080', backends[1].address] as const,
    [LOG_IN_DOCUMENT, log] as const,
  ].reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`the document has no ${from}`)
    return text.replaceAll(from, to)
  }, yaml)
  await makeCertificate(t, directory)
  await writeFile(join(directory, 'exporter.yml'), settings)
  const errorLog = nginx.replaceAll(LOG_IN_DOCUMENT, log).replace(' info;', ` ${level};`)
  const text = errorLog + configuration(directory, port, backends, directives)
  await writeFile(join(directory, 'nginx.conf'), text)
  const running = start(t, {
    program: peer('nginx'),
    args: ['-p', directory, '-e', log, '-c', join(directory, 'nginx.conf')],
  })
  const isThere = async () => {
    if (!running.isRunning()) throw new Error(`nginx ended: ${running.stderr()}`)
    const socket = connect(port, '127.0.0.1')
    const answered = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    return answered
  }
  await until('nginx to listen', isThere, { withinMs: 15_000 })
  const exporter = await startExporterWith(t, [
    ...['--config.file', join(directory, 'exporter.yml'), '--start-at', 'beginning'],
  ])
  return {
    port,
    backends,
    exporter,
    tries: async () => triesOf(await readFile(join(directory, 'access.log'), 'utf8')),
  }
}

/** `a, b|502, 200` is `a 502` and `b 200`. */
function triesOf(log: string): string[] {
  return log
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      const [addresses = [], statuses = []] = line.split('|').map((list) => list.split(', '))
      return addresses.map((address, i) => `${address} ${statuses[i]}`)
    })
}

async function startBackend(t: Test): Promise<Backend> {
  const port = await freePort()
  const server = createServer((request, response) => {
    response.end(Buffer.alloc(Number(request.url?.slice(1)) || 0, 'x'))
  })
  await once(server.listen(port, '127.0.0.1'), 'listening')
  const stop = async () => {
    server.closeAllConnections()
    if (server.listening) await new Promise((done) => server.close(done))
  }
  t.teardown(stop)
  return { address: `127.0.0.1:${port}`, stop }
}
