/** nginx's request log in JSON: what can be misread in it. */
import t from 'tap'
import { requestsOf, said } from './support/log-lines.ts'

function line(more: object = {}) {
  return {
    msec: '1795370128.785',
    http3: '',
    proto: 'HTTP/2.0',
    method: 'GET',
    status: '200',
    bytes_sent: '97',
    request_time: '0.124',
    request_completion: 'OK',
    ...more,
  }
}

/** The lists of one request. */
function lists(upstream_addr: string, upstream_status: string, times: string, more: object = {}) {
  const line_ = line({ upstream_addr, upstream_status, upstream_header_time: times, ...more })
  const all = said('nginx-json', [line_])
  return requestsOf(all)[0]
}

t.test('numbers may be text or numbers, and upstreams may not be told at all', async (t) => {
  const numbers = line({ msec: 1795370128.785, status: 200, bytes_sent: 97, request_time: 0.124 })
  for (const one of [line(), numbers]) {
    const all = said('nginx-json', [one])
    t.same(requestsOf(all), [
      {
        type: 'request',
        protocol: 'h2',
        status: 200,
        method: 'GET',
        durationUs: 124_000,
        responseBytes: 97,
      },
    ])
    t.same(all.variants, [])
    t.same(all.times, [1_795_370_128_785_000])
  }
})

t.test('HTTP/3 is told by $http3, and by the protocol where that is missing', async (t) => {
  const protocols = [
    line({ http3: 'h3', proto: 'HTTP/3.0' }),
    line({ http3: 'h3', proto: undefined }),
    line({ http3: undefined, proto: 'HTTP/3.0' }),
    line({ http3: 'hq', proto: 'HTTP/3.0' }),
    line({ proto: '' }),
  ].map((one) => requestsOf(said('nginx-json', [one]))[0]?.protocol)
  t.same(protocols, ['h3', 'h3', 'h3', 'other', 'other'])
})

t.test('every try counts, with its own status and time', async (t) => {
  t.match(lists('10.0.0.1:80, 10.0.0.2:80', '502, 200', '-, 0.020'), {
    attempts: [
      { backend: '10.0.0.1:80', status: 502, durationUs: undefined },
      { backend: '10.0.0.2:80', status: 200, durationUs: 20_000 },
    ],
    retries: 1,
    withoutBackend: undefined,
  })
  t.match(
    lists('unix:/run/app.sock : [::1]:80, 10.0.0.2:80', '404 : 504, 200', '0.001 : -, 0.003'),
    {
      attempts: [
        { backend: 'unix:/run/app.sock', status: 404, durationUs: 1000 },
        { backend: '[::1]:80', status: 504 },
        { backend: '10.0.0.2:80', status: 200, durationUs: 3000 },
      ],
      retries: 1,
    },
    'an internal redirect is no retry',
  )
})

t.test('the name of a group is no backend: none of its servers was live', async (t) => {
  t.match(lists('app', '502', '-'), { attempts: [], retries: 0, withoutBackend: true })
  t.match(lists('10.0.0.3:80, 10.0.0.1:80, app', '502, 504, 502', '-, -, -'), {
    attempts: [{ status: 502 }, { status: 504 }],
    retries: 1,
    withoutBackend: true,
  })
  const saved = lists('app : 10.0.0.1:80', '502 : 200', '- : 0.001')
  t.equal(saved?.withoutBackend, undefined, 'the redirect found one')
})

t.test('lists that are empty, short or damaged say what they can', async (t) => {
  t.equal(lists('', '', '')?.attempts, undefined, 'nginx answered itself')
  t.match(lists('10.0.0.1:80', '-', '-'), { attempts: [{ status: undefined }] })
  t.match(lists('10.0.0.1:80, 10.0.0.2:80', '502', ''), {
    attempts: [{ status: 502 }, { status: undefined }],
  })
  const odd = line({
    upstream_addr: '10.0.0.1:80',
    upstream_status: 'x',
    upstream_header_time: 'y',
  })
  t.same(said('nginx-json', [odd]).outcomes, [{ kind: 'read', name: 'request', rejectedValues: 2 }])
  const whole = line({
    upstream_addr: '10.0.0.1:80',
    upstream_status: '200',
    upstream_response_time: '0.5',
  })
  const all = said('nginx-json', [whole])
  t.match(requestsOf(all)[0]?.attempts, [{ durationUs: 500_000 }], 'the other time')
  t.same(all.variants, ['upstreams'])
})

t.test('who broke off is told by status and completion', async (t) => {
  const aborters = [
    line({ status: '499', request_completion: '' }),
    line({ request_completion: '' }),
    line({ status: '408', request_completion: '' }),
    line({ status: '444', request_completion: '' }),
    line({ status: '101', request_completion: '' }),
    line({ status: '502' }),
  ].map((one) => requestsOf(said('nginx-json', [one]))[0]?.abortedBy)
  t.same(aborters, ['client', 'client', 'client', 'proxy', undefined, undefined])
})

t.test('lines of another format count as failed, and no status is no 0', async (t) => {
  const all = said('nginx-json', [
    '{"status":"200","uri":"/\\x22"}',
    line({ status: undefined }),
    line({ msec: 'x' }),
    '10.0.0.9 - - [22/Nov/2026:17:55:28 +0000] "GET / HTTP/2.0" 200 5',
    line({ status: '000' }),
    line({ status: '009' }),
  ])
  t.same(
    all.outcomes.map((outcome) => (outcome.kind === 'rejected' ? outcome.reason : outcome.kind)),
    ['json', 'schema', 'time', 'json', 'read', 'read'],
  )
  t.same(
    requestsOf(all).map(({ status }) => status),
    [undefined, 9],
  )
})
