/** A balancer's runtime socket that gives recorded answers. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { recordedAnswers } from '../../../test/support/answers.ts'

/** The socket, and which of its answers is in force. */
export interface RecordedBalancer {
  /** Share of the recording, 0 to 1. */
  moment: number
  close(): void
}

/** Answers whoever asks on the socket; it closes after each answer, as HAProxy does. */
export async function openBalancer(path: string, recording: string): Promise<RecordedBalancer> {
  const answers = recordedAnswers(recording.replace(/\.log$/, ''))
  const balancer = { moment: 0, close: () => void server.close() }
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => {
      const last = answers.length - 1
      const index = Math.min(last, Math.floor(balancer.moment * answers.length))
      socket.end(answers[index]?.body ?? '')
    })
  })
  server.unref()
  await once(server.listen(path), 'listening')
  return balancer
}
