/** Names: a dead or lying name server, the files of the machine, families, and addresses that no name may lead to. */
import { writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { canBeBackend } from '../exporter/probers/addresses.ts'
import { SYSTEM_NAMES } from '../exporter/probers/name-files.ts'
import type { AddressFamily } from '../exporter/probers/prober.ts'
import { resolve } from '../exporter/probers/resolve.ts'
import { machine, nameServer, type Said } from './support/probe-dns.ts'
import { local, lookAt, SOON_MS, toolsWith } from './support/probe-look.ts'
import { backend } from './support/probe-servers.ts'

/** A machine with one name server that knows these names. */
async function world(t: Test, said: Readonly<Record<string, Said>>, more = '', hosts = '') {
  const server = await nameServer(t)
  for (const [name, of] of Object.entries(said)) server.names.set(name, of)
  const files = machine(t, hosts, `nameserver ${server.address}\n${more}`)
  const address = (host: string, family: AddressFamily = 'any') =>
    resolve({ host, family }, new AbortController().signal, files.names)
  return { ...files, server, address }
}

const fails = (why: string | RegExp) => ({ failure: 'dns', message: why })

t.test('a name server that fails is told from one that knows nothing', async (t) => {
  const { address, server } = await world(t, {
    'broken.test': 'SERVFAIL',
    'closed.test': 'REFUSED',
    'empty.test': [],
    'six.test': ['::1'],
  })
  await t.rejects(address('nowhere.test'), fails('nowhere.test: ENOTFOUND'))
  await t.rejects(address('broken.test'), fails('broken.test: ESERVFAIL'))
  await t.rejects(address('closed.test'), fails('closed.test: EREFUSED'))
  await t.rejects(address('empty.test'), fails('empty.test: ENODATA'))
  await t.rejects(address('six.test', 'ipv4'), fails('six.test: ENODATA'))
  t.notMatch(server.questions.join(), 'AAAA nowhere.test', 'what does not exist has no IPv6 either')
})

t.test(
  'a name server that is silent fails by itself, or ends with the time of the look',
  async (t) => {
    const { address, names, resolverFile, server } = await world(
      t,
      { 'slow.test': 'silence' },
      'options timeout:1 attempts:1\n',
    )
    await t.rejects(address('slow.test'), fails('slow.test: ETIMEOUT'))
    t.same(server.questions, ['A slow.test'])
    writeFileSync(resolverFile, `nameserver ${server.address}\noptions timeout:5 attempts:3\n`)
    const looked = await lookAt(
      t,
      { kind: 'tcp', endpoint: local(1, 'slow.test') },
      SOON_MS,
      toolsWith(names),
    )
    t.match(looked, { failure: 'timeout', sockets: 0 })
    t.same(Object.keys(looked.phasesUs), ['resolve'], 'nothing was connected to')
    t.ok(looked.durationUs >= (SOON_MS - 20) * 1000, `${looked.durationUs}`)
    t.ok(looked.durationUs < 4_000_000, 'the question is cancelled')
  },
)

t.test('a dead name server leaves time for the next one', async (t) => {
  const dead = await nameServer(t)
  dead.names.set('backend.test', 'silence')
  const { address, resolverFile, server } = await world(t, { 'backend.test': ['127.0.0.7'] })
  writeFileSync(resolverFile, `nameserver ${dead.address}\nnameserver ${server.address}\n`)
  t.equal(await address('backend.test'), '127.0.0.7')
  t.same([dead.questions.length, server.questions.length], [1, 1])
})

t.test('IPv4 if there is one, else IPv6, unless a family is asked for', async (t) => {
  const { address, server } = await world(t, {
    'both.test': ['::1', '127.0.0.1'],
    'six.test': ['::1'],
  })
  t.equal(await address('both.test'), '127.0.0.1')
  t.same(server.questions, ['A both.test'], 'what is not needed is not asked')
  t.equal(await address('both.test', 'ipv6'), '::1')
  t.equal(await address('six.test'), '::1')
  t.equal(await address('six.test', 'ipv6'), '::1')
  await t.rejects(
    address('both.test.', 'ipv4').then((found) => address(found, 'ipv6')),
    fails(/no ipv6/),
  )
})

t.test('the search list, as resolv.conf(5) orders', async (t) => {
  const said: Readonly<Record<string, Said>> = {
    'moodle.campus.test': ['127.0.0.2'],
    'db.site.campus.test': ['127.0.0.3'],
    'a.b.campus.test': ['127.0.0.4'],
    'flaky.campus.test': 'SERVFAIL',
    'flaky.site.test': ['127.0.0.5'],
  }
  const { address, server, resolverFile } = await world(t, said, 'search campus.test site.test\n')
  const asked = async (host: string) => {
    server.questions.length = 0
    const found = await address(host)
    return [found, ...server.questions.map((question) => question.slice(2))]
  }
  t.same(await asked('moodle'), ['127.0.0.2', 'moodle.campus.test'])
  t.same(await asked('db.site'), ['127.0.0.3', 'db.site', 'db.site.campus.test'])
  t.same(await asked('flaky'), ['127.0.0.5', 'flaky.campus.test', 'flaky.site.test'])
  t.same(await asked('moodle.campus.test.'), ['127.0.0.2', 'moodle.campus.test'])
  await t.rejects(address('moodle.'), fails('moodle.: ENOTFOUND'), 'a dot at the end: no search')
  await t.rejects(address('nobody'), fails('nobody.campus.test: ENOTFOUND'))
  // As Kubernetes writes it.
  writeFileSync(
    resolverFile,
    `nameserver ${server.address}\nsearch campus.test\noptions ndots:5 edns0\n`,
  )
  t.same(await asked('a.b'), ['127.0.0.4', 'a.b.campus.test'])
  t.same(await asked('db.site.campus.test'), [
    '127.0.0.3',
    'db.site.campus.test.campus.test',
    'db.site.campus.test',
  ])
})

t.test('the hosts file comes first, and is read again when it changes', async (t) => {
  const { address, server, hostsFile } = await world(
    t,
    { 'other.test': ['127.0.0.9'], 'four.test': ['::2'] },
    '',
    '127.0.0.5 Backend.test alias # 127.0.0.6 comment.test\n::1 backend.test\n127.0.0.8 four.test\nrubbish x\n',
  )
  t.equal(await address('backend.test'), '127.0.0.5')
  t.equal(await address('ALIAS'), '127.0.0.5')
  t.equal(await address('backend.test', 'ipv6'), '::1')
  t.same(server.questions, [])
  t.equal(await address('four.test', 'ipv6'), '::2', 'a family that is not there is asked for')
  await t.rejects(address('comment.test'), fails('comment.test: ENOTFOUND'))
  writeFileSync(hostsFile, '127.0.0.55 backend.test\n')
  t.equal(await address('backend.test'), '127.0.0.55')
})

t.test('localhost is this machine, whether a file says so or not', async (t) => {
  const { address, server } = await world(t, { localhost: ['127.0.0.66'] })
  t.equal(await address('localhost'), '127.0.0.1')
  t.equal(await address('moodle.LOCALHOST.', 'ipv6'), '::1')
  t.same(server.questions, [])
})

t.test('without any file the system is asked as far as it can be', async (t) => {
  const files = machine(t, '127.0.0.1 x.test', '')
  const { names } = files
  t.equal(
    await resolve({ host: 'x.test', family: 'any' }, AbortSignal.timeout(1000), names),
    '127.0.0.1',
  )
  t.match(names.resolver, { servers: [], search: [], ndots: 1 })
  t.ok(SYSTEM_NAMES.resolver.ndots >= 0)
})

t.test('what resolv.conf says is taken as far as it makes sense', (t) => {
  const { names } = machine(
    t,
    '',
    `# nameserver 192.0.2.1
; nameserver 192.0.2.2
nameserver 192.0.2.3
nameserver fe80::1%eth0
nameserver not-an-address
nameserver
domain old.test
search . one.test
options ndots:99 timeout:0 attempts:3 rotate
`,
  )
  t.same(names.resolver, {
    servers: ['192.0.2.3', 'fe80::1%eth0'],
    search: ['.', 'one.test'],
    ndots: 15,
    timeoutMs: 1000,
    tries: 3,
  })
  t.end()
})

t.test('a name never leads to where no backend can be', async (t) => {
  const { address, names } = await world(t, {
    'metadata.test': ['169.254.169.254'],
    'mixed.test': ['169.254.169.254', '127.0.0.1'],
    'six.test': ['fe80::1', '::'],
    'mapped.test': ['::ffff:a9fe:a9fe'],
  })
  await t.rejects(
    address('metadata.test'),
    fails('metadata.test is 169.254.169.254: no backend can be there'),
  )
  t.equal(await address('mixed.test'), '127.0.0.1')
  await t.rejects(address('six.test'), fails(/no backend/))
  await t.rejects(address('mapped.test'), fails(/no backend/))
  t.equal(await address('169.254.169.254'), '169.254.169.254', 'unless it is written so')
  const target = { kind: 'tcp', endpoint: local(80, 'metadata.test') } as const
  t.match(await lookAt(t, target, 5000, toolsWith(names)), { failure: 'dns', sockets: 0 })
  for (const never of [
    '0.0.0.0',
    '0.1.2.3',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    'ff02::1',
    'fe80::1',
  ]) {
    t.notOk(canBeBackend(never), never)
  }
  for (const never of ['::ffff:169.254.1.1', '64:ff9b::a9fe:a9fe', 'fd00:ec2::254', 'no address']) {
    t.notOk(canBeBackend(never), never)
  }
  for (const may of ['127.0.0.1', '10.0.0.1', '::1', 'fd00::1', '2001:db8::1', '169.253.0.1']) {
    t.ok(canBeBackend(may), may)
  }
})

t.test('an address that changes is followed at once; a name with IPv6 only works', async (t) => {
  const { server, names } = await world(t, { 'backend.test': ['127.0.0.1'] })
  const tools = toolsWith(names)
  const { port, connections } = await backend(t, () => undefined)
  const target = { kind: 'tcp', endpoint: local(port, 'backend.test') } as const
  t.match(await lookAt(t, target, 5000, tools), { failure: undefined, address: '127.0.0.1' })
  server.names.set('backend.test', ['127.0.0.2'])
  t.match(await lookAt(t, target, 5000, tools), { failure: 'refused', address: '127.0.0.2' })
  t.equal(connections.accepted, 1)
  const six = await backend(t, () => undefined, '::1')
  server.names.set('six.test', ['::1'])
  const endpoint = local(six.port, 'six.test')
  t.match(await lookAt(t, { kind: 'tcp', endpoint }, 5000, tools), {
    failure: undefined,
    address: '::1',
  })
  const four = { ...endpoint, family: 'ipv4' } as const
  t.match(await lookAt(t, { kind: 'tcp', endpoint: four }, 5000, tools), {
    failure: 'dns',
    sockets: 0,
  })
})
