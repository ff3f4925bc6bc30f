import { expect, it } from 'vitest';
import { NodeClosure } from '../../../poller/power/node-closure.ts';

const NOON = Date.parse('2026-01-01T12:00:00Z');
const at = (minutes: number) => NOON + minutes * 60_000;

it('gives, with the first step of the next hour, what was recorded of a node as a share of its counter', () => {
  const closure = new NodeClosure();

  const within = [0, 30, 59].map((minutes) => closure.take('n', at(minutes), { recorded: 90, counted: 100 }));
  const next = closure.take('n', at(60), { recorded: 5, counted: 5 });

  expect(within).toEqual([undefined, undefined, undefined]);
  expect(next).toEqual({ node: 'n', hour: NOON, ratio: 0.9 });
});

it('keeps nodes apart, and gives none for an hour in which a node counted nothing', () => {
  const closure = new NodeClosure();
  closure.take('a', at(0), { recorded: 0, counted: 0 });
  closure.take('b', at(0), { recorded: 10, counted: 10 });

  expect(closure.take('a', at(60), { recorded: 1, counted: 1 })).toBeUndefined();
  expect(closure.take('b', at(60), { recorded: 1, counted: 1 })?.ratio).toBe(1);
});
