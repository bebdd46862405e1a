/** A look at a port: healthy if the connection is accepted. */
import { connect } from './connect.ts'
import { look } from './look.ts'
import type { Prober } from './prober.ts'

import type { BackendTarget } from './target.ts'
import type { Tools } from './tools.ts'

/** The prober of a port. */
export function tcpProber({ endpoint }: BackendTarget<'tcp'>, { names }: Tools): Prober {
  return (signal, note) =>
    look(signal, note, async (look) => {
      await connect(look, endpoint, names)
    })
}
