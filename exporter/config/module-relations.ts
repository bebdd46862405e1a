import { type ConfigPath, type Problem, show } from './problems.ts'
import { field, list } from './written.ts'

/** What is wrong between modules, and within one. Takes values as they were written, valid or not. */
export function moduleProblems(value: unknown): readonly Problem[] {
  const modules = list(field(value, 'modules'))
  const names = modules.map((module) => field(module, 'name'))
  return modules.flatMap((module, index): readonly Problem[] => {
    const at = (key: string): ConfigPath => ['modules', index, key]
    const has = (key: string) => field(module, key) !== undefined
    const problems: Problem[] = []
    const name = names[index]
    const first = names.indexOf(name)
    if (typeof name === 'string' && first < index) {
      const message = `${show(name)} is already the name of modules[${first}]`
      problems.push({ path: at('name'), at: 'value', message })
    }
    for (const [one, other] of [
      ['cert_file', 'key_file'],
      ['key_file', 'cert_file'],
    ] as const) {
      if (has(one) && !has(other))
        problems.push({ path: at(one), at: 'key', message: `needs ${other}` })
    }
    if (has('expect_body') && field(module, 'method') === 'HEAD') {
      problems.push({
        path: at('expect_body'),
        at: 'key',
        message: 'the answer to HEAD has no body',
      })
    }
    return problems
  })
}
