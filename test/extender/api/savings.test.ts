import { describe, expect, it } from 'vitest';
import { start } from './start-api.ts';

describe('GET /api/savings', () => {
  it('counts nothing where no decision is recorded, and says for which time', async () => {
    await using api = await start();

    const { body } = await api.get('/api/savings?start_time=2026-01-01T00:00:00Z&end_time=2026-01-02T00:00:00Z');

    expect(body).toEqual({
      start_time: '2026-01-01T00:00:00.000Z',
      end_time: '2026-01-02T00:00:00.000Z',
      decisions: 0,
      totals: [],
      pods: [],
    });
  });

  it('refuses a range that ends before it starts', async () => {
    await using api = await start();

    const { status } = await api.get('/api/savings?start_time=2026-01-02T00:00:00Z&end_time=2026-01-01T00:00:00Z');

    expect(status).toBe(400);
  });
});
