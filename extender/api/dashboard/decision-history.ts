import type { DecisionReader } from '../../../shared/records/placements.ts';
import type { StoreConfig } from '../../../shared/runtime/settings.ts';
import { openDecisions } from '../../../shared/store/open-decisions.ts';

/** Reads decisions from the configured store. It is opened on first use; a failed attempt is repeated on the next use. */
export function decisionHistory(config: StoreConfig): DecisionReader & AsyncDisposable {
  let opened: ReturnType<typeof openDecisions> | undefined;
  const open = () => {
    opened ??= openDecisions(config).catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  return {
    async *decisions(range) {
      yield* (await open()).decisions(range);
    },
    async [Symbol.asyncDispose]() {
      await (await opened?.catch(() => undefined))?.[Symbol.asyncDispose]();
    },
  };
}
