import { z } from 'zod';
import { carbonCacheSchema } from '../../shared/grid/carbon-cache-schema.ts';

/** The JSON Schema of the cache file, for consumers in other languages. */
export function carbonCacheJsonSchema(): string {
  const schema = z.toJSONSchema(carbonCacheSchema, { io: 'input', target: 'draft-2020-12' });
  return `${JSON.stringify(schema, null, 2)}\n`;
}
