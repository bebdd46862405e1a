/** Which configured backend a log means: names in logs come from outside and never become labels. */

/** A backend as it is configured. */
export interface Backend {
  readonly name: string
  /** Addresses and proxies' own names that it has in logs and interfaces. */
  readonly aliases: readonly string[]
}

/** What no configured backend is called. */
export const OTHER_BACKEND = 'other'

export class BackendNames {
  /** Values of the label `backend`. */
  readonly labels: readonly string[]
  readonly #names = new Map<string, string>()

  constructor(backends: readonly Backend[] = []) {
    this.labels = [...backends.map(({ name }) => name), OTHER_BACKEND]
    for (const { name, aliases } of backends) {
      for (const alias of [name, ...aliases]) this.#names.set(alias.toLowerCase(), name)
    }
  }

  /** The configured name of what a log calls so, else `other`. A URL stands for its host and port. */
  of(written: string): string {
    const text = written.toLowerCase()
    return this.#names.get(text) ?? this.#names.get(hostOf(text)) ?? OTHER_BACKEND
  }
}

/** `http://127.0.0.1:9002/item/80` → `127.0.0.1:9002`. */
function hostOf(text: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/.exec(text)?.[1] ?? text
}
