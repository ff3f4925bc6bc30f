import fc from 'fast-check';
import { expect, it } from 'vitest';
import { timeWriter } from '../../../extender/api/time-writer.ts';

it('writes any times in any order as a date does', () => {
  const near = fc.integer({ min: 1_767_225_000_000, max: 1_767_225_200_000 });
  const far = fc.integer({ min: -8_640_000_000_000, max: 8_640_000_000_000 });

  fc.assert(
    fc.property(fc.array(fc.oneof(near, far), { minLength: 1 }), (times) => {
      const write = timeWriter();
      const texts = times.map(write);

      expect(texts).toEqual(times.map((time) => new Date(time).toISOString()));
    }),
  );
});
