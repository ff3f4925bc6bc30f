import { expect, it } from 'vitest';
import { allocate } from '../../../shared/power-model/allocation.ts';
import type { NodePowerModel } from '../../../shared/power-model/node-model.ts';

const bounds = { low: 0.5, high: 2 };
const model: NodePowerModel = {
  name: 'test',
  vcpus: 4,
  memoryGb: 8,
  watts: { idle: 10, at10: 14, at50: 22, full: 30 },
  memoryWatts: 4,
  idleBounds: bounds,
  dynamicBounds: bounds,
};

it('splits the energy of a node into what it draws idle and what its CPU time adds', () => {
  // 20 CPU seconds of 4 × 10: half load, 22 W.
  const { idle, dynamic } = allocate(model, { seconds: 10, cpuSeconds: 20 });

  expect([idle, dynamic]).toEqual([100, 120]);
});

it('gives a container dynamic energy by CPU seconds and idle energy by bytes and time', () => {
  const { of } = allocate(model, { seconds: 10, cpuSeconds: 20 });

  expect(of({ seconds: 5, cpuSeconds: 5, memoryBytes: 2e9 })).toEqual({ dynamic: 30, memory: 4 * (2 / 8) * 5 });
});

it('gives no dynamic energy where no CPU time passed', () => {
  const { dynamic, of } = allocate(model, { seconds: 10, cpuSeconds: 0 });

  expect([dynamic, of({ seconds: 10, cpuSeconds: 1, memoryBytes: 0 }).dynamic]).toEqual([0, 0]);
});
