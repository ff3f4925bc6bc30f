import { expect, it } from 'vitest';
import { applyPolicies, editionOf } from '../../../../shared/store/timescale/policies.ts';
import { describeDatabases } from '../../../servers/databases.ts';
import { withConnection } from '../../../servers/query.ts';
import { openTimescaleWriter } from '../opened-parts.ts';

describeDatabases('policies', (name, server) => {
  it('are not asked of an edition that has none', async () => {
    const dsn = await server().database();
    await using store = openTimescaleWriter(dsn, 90);
    await store.totals();
    const refusals: unknown[] = [];

    const { edition, license } = await withConnection(dsn, async (connection) => {
      await applyPolicies(connection, 90, (error) => refusals.push(error));
      const { rows } = await connection.query("SELECT current_setting('timescaledb.license', TRUE) AS license");
      return { edition: await editionOf(connection), license: rows[0].license };
    });

    // Debian has the Apache edition; TIMESCALEDB_ROOT may name a server of the community edition.
    const timescale = license === 'timescale' ? 'timescale-community' : 'timescale-apache';
    expect(edition).toBe(name === 'TimescaleDB' ? timescale : 'plain');
    expect(refusals).toEqual([]);
  });

  it.skipIf(name === 'TimescaleDB')('stop nobody from recording when the database refuses them', async () => {
    const dsn = await server().database();
    const refusals: unknown[] = [];

    await withConnection(dsn, async (connection) => {
      // Looks like an edition that has policies, and knows none of their statements.
      await connection.query("CREATE TABLE power_sample (end_time timestamptz); SET timescaledb.license = 'timescale'");
      await applyPolicies(connection, 90, (error) => refusals.push(error));
    });

    expect(refusals).toHaveLength(1);
  });
});
