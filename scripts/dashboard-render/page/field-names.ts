import { type Field, getFieldDisplayName, type ScopedVars } from '@grafana/data'

/** Puts what `${__field.labels.x}`, `${__field.name}` and `${__field.displayName}` stand for in their place. */
export function replaceFieldNames(text: string, scoped?: ScopedVars): string {
  const field: Field | undefined = scoped?.__dataContext?.value?.field
  if (field === undefined) return text
  return text
    .replace(/\$\{__field\.labels(?:\.(\w+)|\["(\w+)"\])\}/g, (_, name, quoted) => {
      return field.labels?.[name ?? quoted] ?? ''
    })
    .replace(/\$\{__field\.name\}/g, () => field.name)
    .replace(/\$\{__field\.displayName\}/g, () => getFieldDisplayName(field))
}
