import { expect, it } from 'vitest';
import { describeDatabase } from '../../../servers/databases.ts';
import { alertMemoryContract } from '../alert-memory-contract.ts';
import { openTimescaleAlerts } from '../opened-parts.ts';

describeDatabase('alerts in the database', (server) => {
  let dsn: Promise<string> | undefined;
  const open = async (leaseName: string) => {
    dsn ??= server().database();
    return openTimescaleAlerts(await dsn, leaseName);
  };

  alertMemoryContract('PostgreSQL', () => open('one'));

  it('has a state for each name', async () => {
    await using one = await open('hall-a');
    await using other = await open('hall-b');

    await one.save({ open: {}, seen: {}, newest: {}, failed_rounds: 1, waiting: [] });

    expect(await other.load()).toBeUndefined();
  });
});
