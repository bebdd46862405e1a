/** docs/lb-events.schema.json: the events of a home-made balancer as JSON Schema, from the reader's definitions. */
import {
  EVENT_TYPES,
  EVENTS,
  type EventDefinition,
  type FieldDefinition,
} from '../../qlog-parsers/lb-events/lb-events-definitions.ts'
import { ANNOUNCEABLE } from '../../qlog-parsers/lb-events/lb-events-signals.ts'

type Schema = Readonly<Record<string, unknown>>

/** JSON Schema 2020-12 of one line. */
export function lbEventsSchema(): string {
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'One line of a balancer that writes its own log',
    description: 'Keys that are not listed are ignored.',
    oneOf: EVENT_TYPES.flatMap((type) => alternatives(type, EVENTS[type])),
  }
  return `${JSON.stringify(schema, null, 2)}\n`
}

/** An event; where one field needs another only with one of its words, that word apart. */
function alternatives(type: string, definition: EventDefinition): readonly Schema[] {
  const whole = objectOf(definition, { type: { const: type } })
  const needed = Object.entries(definition).find(([, { requiredWith }]) => requiredWith)
  const [field, { requiredWith = undefined } = {}] = needed ?? []
  if (field === undefined || requiredWith === undefined) return [whole]
  const [other, word] = requiredWith
  const words = definition[other]?.words?.filter((one) => one !== word)
  return [
    withField(whole, other, { enum: words }),
    { ...withField(whole, other, { const: word }), required: [...whole.required, field] },
  ]
}

function withField(whole: ReturnType<typeof objectOf>, field: string, schema: Schema) {
  const { description } = whole.properties[field] ?? {}
  return { ...whole, properties: { ...whole.properties, [field]: { description, ...schema } } }
}

function objectOf(definition: EventDefinition, first: Record<string, Schema> = {}) {
  const fields = Object.entries(definition)
  const properties: Record<string, Schema> = {
    ...first,
    ...Object.fromEntries(fields.map(([name, field]) => [name, fieldSchema(field)])),
  }
  const required = fields.filter(([, { required }]) => required).map(([name]) => name)
  return { type: 'object', properties, required: [...Object.keys(first), ...required] }
}

function fieldSchema(field: FieldDefinition): Schema {
  const { kind, words, most, items, about: description } = field
  switch (kind) {
    case 'time':
      return {
        description,
        anyOf: [
          { type: 'string', format: 'date-time' },
          { type: 'number', minimum: 0 },
        ],
      }
    case 'text':
      return words === undefined ? { description, type: 'string' } : { description, enum: words }
    case 'count':
      return { description, type: 'integer', minimum: 0, maximum: most ?? Number.MAX_SAFE_INTEGER }
    case 'milliseconds':
      return { description, type: 'number', minimum: 0, ...(most ? { maximum: most / 1000 } : {}) }
    case 'flag':
      return { description, type: 'boolean' }
    case 'list':
      return {
        description,
        type: 'array',
        items: items === undefined ? { enum: ANNOUNCEABLE } : objectOf(items),
      }
  }
}
