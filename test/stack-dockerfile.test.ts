/** The Dockerfile and what reaches its builder, as text: no engine is needed. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { dockerfileProblems, instructionsOf, isIgnored } from './support/dockerfile.ts'

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
const dockerfile = read('Dockerfile')
const dockerignore = read('.dockerignore')
const lock = JSON.parse(read('package-lock.json'))
const node: string = lock.packages['node_modules/node'].version

t.test('nothing is wrong in the Dockerfile', async (t) => {
  t.match(node, /^\d+\.\d+\.\d+$/)
  t.same(dockerfileProblems(dockerfile, node), [])
})

const BASE = `node:${node}-bookworm-slim`
const insert = (line: string) => (text: string) =>
  text.replace('EXPOSE 19114', `${line}\nEXPOSE 19114`)
const replace = (what: string | RegExp, by: string) => (text: string) => text.replace(what, by)

type Mutation = readonly [name: string, change: (text: string) => string, problem: RegExp]
const MUTATIONS: readonly Mutation[] = [
  ['a syntax line', (text) => `# syntax=docker/dockerfile:1\n${text}`, /parser directive/],
  ['a base that moves', replace(`FROM ${BASE} AS`, 'FROM node:24-slim AS'), /node:24-slim/],
  ['latest', replace(new RegExp(`FROM ${BASE}\\n`), 'FROM node:latest\n'), /node:latest/],
  ['another base', replace(new RegExp(`FROM ${BASE}\\n`), `FROM node:${node}-alpine\n`), /alpine/],
  ['one stage', replace(/FROM \S+\nENV[\s\S]*?(?=WORKDIR)/, ''), /one stage/],
  ['ADD of an address', insert('ADD https://example.org/x /x'), /^ADD$/],
  ['an address', insert('ENV NPM=https://example.org'), /names an address/],
  ['a token', insert('ARG NPM_TOKEN'), /ARG for a secret/],
  ['a password', insert('ENV PASSWORD=x'), /ENV for a secret/],
  ['the settings of npm', replace('COPY package.json', 'COPY .npmrc package.json'), /of a secret/],
  ['everything copied', replace('COPY exporter exporter', 'COPY . .'), /COPY of everything/],
  ['a system package', insert('RUN apt-get update'), /no package/],
  ['npm install', replace('npm ci', 'npm install'), /npm install/],
  ['scripts of packages', replace('npm ci --ignore-scripts', 'npm ci'), /scripts run/],
  ['all packages kept', replace(/ && npm prune[^\n]*/, ''), /development packages/],
  ['sources in the image', insert('COPY test test'), /sources in the image/],
  ['npm in the image', insert('RUN npm rebuild'), /npm runs/],
  ['root, by not saying', replace(/USER .*\n/, ''), /no user/],
  ['root', replace(/USER .*/, 'USER 0:0'), /no user/],
  ['a user by name', replace(/USER .*/, 'USER node'), /no user/],
  ['root again', (text) => `${text}USER root\n`, /no user/],
  ['no health check', replace(/HEALTHCHECK[\s\S]*?\]\n/, ''), /no health check/],
  ['another question', replace('/-/healthy', '/'), /no health check/],
  ['a health check by curl', replace('CMD ["node", "-e"', 'CMD ["curl", "-f"'), /no health check/],
  ['no time-out', replace(' --timeout=5s', ''), /no timeout/],
  ['a shell', replace(/ENTRYPOINT .*/, 'ENTRYPOINT node dist/main.js'), /a shell/],
  ['no port', replace('EXPOSE 19114', ''), /port/],
  ['no volume', replace(/VOLUME .*/, ''), /state/],
]

t.test('each fault is found', async (t) => {
  for (const [name, change, problem] of MUTATIONS) {
    const changed = change(dockerfile)
    t.not(changed, dockerfile, `${name}: changed`)
    t.ok(
      dockerfileProblems(changed, node).some((one) => problem.test(one)),
      name,
    )
  }
})

t.test('what must not reach the builder does not', async (t) => {
  const paths = ['node_modules', 'node_modules/x/index.js', '.git', '.git/config', 'test', '.npmrc']
  const more = [
    'test/fixtures/quiche/clean.sqlog',
    'dist',
    '.env',
    'docs',
    '.peers/bin/caddy',
    'x.pem',
  ]
  for (const path of [...paths, ...more]) t.ok(isIgnored(dockerignore, path), path)
})

t.test('what is copied reaches the builder', async (t) => {
  const copied = instructionsOf(dockerfile)
    .filter(({ word, rest }) => word === 'COPY' && !rest.startsWith('--from='))
    .flatMap(({ rest }) => rest.split(' ').slice(0, -1))
  t.ok(copied.includes('exporter'))
  for (const path of copied) t.notOk(isIgnored(dockerignore, path), path)
  t.notOk(isIgnored(dockerignore, 'exporter/main.ts'))
})

t.test('the last pattern that fits decides', async (t) => {
  t.ok(isIgnored('*\n!a', 'b'))
  t.notOk(isIgnored('*\n!a', 'a/b'))
  t.ok(isIgnored('*\n!a\na/secret', 'a/secret/key'))
  t.ok(isIgnored('**/*.pem', 'a/b/c.pem'))
  t.notOk(isIgnored('*.pem', 'a/c.pem'))
  t.notOk(isIgnored('# *', 'a'))
})
