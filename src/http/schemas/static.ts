import type { Static as StaticOfSchema } from 'typebox'

/**
 * The type of what a schema accepts. Schemas are plain JSON Schema objects: TypeBox reads their types at
 * compile time, so the service does not load its builder (a tenth of a second) at start.
 */
export type Static<Schema> = StaticOfSchema<Schema & object>
