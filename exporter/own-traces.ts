/** Which traces of a source are of connections that a balancer had with nobody but this exporter. */

export interface OwnTraces {
  /** Whether this process has made any such connection. */
  readonly isUsed: boolean
  /** `group`: of a trace's header. */
  readonly isOwn: (group: string) => boolean
}
