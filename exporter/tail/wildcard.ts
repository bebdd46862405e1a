/**
 * A test of file names against patterns in which `*` stands for any characters and `?` for one.
 * Takes linear time per star: patterns are no regular expressions, so none can run away.
 */
export function nameMatcher(patterns: readonly string[]): (name: string) => boolean {
  const tests = patterns.map((pattern) => {
    const suffix = pattern.slice(1)
    if (pattern.startsWith('*') && !/[*?]/.test(suffix)) {
      return (name: string) => name.endsWith(suffix)
    }
    return (name: string) => matches(pattern, name)
  })
  return (name) => tests.some((test) => test(name))
}

function matches(pattern: string, name: string): boolean {
  let p = 0
  let n = 0
  let star = -1
  let resume = 0
  while (n < name.length) {
    if (pattern[p] === '*') {
      star = p++
      resume = n
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === name[n])) {
      p++
      n++
    } else if (star >= 0) {
      p = star + 1
      n = ++resume
    } else {
      return false
    }
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}
