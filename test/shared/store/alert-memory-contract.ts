import { describe, expect, it } from 'vitest';
import type { AlertMemory, AlertState } from '../../../shared/store/alert-memory.ts';

const STATE: AlertState = {
  open: { rounds: 1_768_478_400_000, 'high US-CAL-CISO': 1_768_478_700_000 },
  seen: { 'US-CAL-CISO': 1_768_478_700_000 },
  newest: { 'US-CAL-CISO eia': 1_768_475_100_000 },
  failed_rounds: 4,
  waiting: ['“quoted” \\ text\nin two lines'],
};

/** Every adapter of the port passes this suite. `open` opens the same empty place each time it is called. */
export function alertMemoryContract(name: string, open: () => Promise<AlertMemory>): void {
  describe(`${name} remembers the state of alerts`, () => {
    it('for the process that comes next, the newest one', async () => {
      const first = await open();

      const before = await first.load();
      await first.save(STATE);
      await first.save({ ...STATE, failed_rounds: 5 });
      const second = await open();

      expect(before).toBeUndefined();
      expect(await second.load()).toEqual({ ...STATE, failed_rounds: 5 });
    });
  });
}
