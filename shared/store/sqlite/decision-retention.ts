import { join } from 'node:path';
import type { DecisionRetention } from '../decisions.ts';
import { openForWriting } from './database.ts';

/** Opens the embedded store to forget decisions, on a connection of its own. */
export function openSqliteDecisionRetention(folder: string, file: string): DecisionRetention {
  const database = openForWriting(join(folder, file));
  return {
    forgetDecisionsBefore: async (time) =>
      database.write(() => database.run('DELETE FROM decision WHERE bound_at < ?', time)),
    async [Symbol.asyncDispose]() {
      database[Symbol.dispose]();
    },
  };
}
