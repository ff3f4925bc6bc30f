import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addRow, normalEquations, solveRidge } from '../../../shared/forecast/ridge.ts';
import { seeded } from './synthetic-zones.ts';

test('finds the line and the plane that the rows lie on', () => {
  const sums = normalEquations(3, 2);
  const random = seeded(4);
  for (let row = 0; row < 50; row++) {
    const x = Float64Array.of(1, random(), random());
    addRow(sums, x, Float64Array.of(2 + 3 * (x[1] as number), 5 - (x[1] as number) + 4 * (x[2] as number)), 1);
  }

  const solution = solveRidge(sums, 1e-9);

  for (const [index, expected] of [2, 5, 3, -1, 0, 4].entries()) expect(solution[index]).toBeCloseTo(expected, 5);
});

test('leaves no gradient of squared error plus penalty', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2 ** 31 }),
      fc.double({ min: 0.1, max: 100, noNaN: true }),
      (seed, penalty) => {
        const random = seeded(seed);
        const rows = Array.from({ length: 30 }, () => ({
          x: Float64Array.of(1, random(), random(), random()),
          y: Float64Array.of(random()),
          weight: 0.5 + random(),
        }));
        const sums = normalEquations(4, 1);
        for (const { x, y, weight } of rows) addRow(sums, x, y, weight);

        const solution = solveRidge(sums, penalty);

        for (let i = 0; i < 4; i++) {
          let gradient = penalty * (solution[i] as number);
          for (const { x, y, weight } of rows) {
            let residual = -(y[0] as number);
            for (let j = 0; j < 4; j++) residual += (x[j] as number) * (solution[j] as number);
            gradient += weight * residual * (x[i] as number);
          }
          expect(gradient).toBeCloseTo(0, 8);
        }
      },
    ),
  );
});
