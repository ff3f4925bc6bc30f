import { expect, it } from 'vitest';
import { openAlertMemory } from '../../../../shared/store/open-alert-memory.ts';
import { describeDatabase } from '../../../servers/databases.ts';
import { alertMemoryContract } from '../../../store/alert-memory-contract.ts';

describeDatabase('alerts in the database', (server) => {
  let dsn: Promise<string> | undefined;
  const open = async (RECORDING_LEASE_NAME: string) => {
    dsn ??= server().database();
    return openAlertMemory({ MODE: 'db', DATA_DIR: '/nowhere', TSDB_DSN: await dsn, RECORDING_LEASE_NAME });
  };

  alertMemoryContract('PostgreSQL', () => open('one'));

  it('has a state for each name', async () => {
    await using one = await open('hall-a');
    await using other = await open('hall-b');

    await one.save({ open: {}, seen: {}, newest: {}, failed_rounds: 1, waiting: [] });

    expect(await other.load()).toBeUndefined();
  });
});
