import { describe, expect, it } from 'vitest';
import { slackAlerts } from '../../../poller/budgets/slack.ts';
import { capturedLog } from '../../captured-log.ts';
import { SLACK_SECRET, startSlack } from '../../doubles/slack.ts';
import { FakeClock } from '../../fake-clock.ts';

const signal = new AbortController().signal;

describe('budget alerts to Slack', () => {
  it('are sent to the webhook', async () => {
    await using slack = await startSlack();
    const send = slackAlerts(slack.url, new FakeClock(), capturedLog());

    expect(await send?.('nearly used up', signal)).toBe(true);
    expect(slack.accepted).toEqual(['nearly used up']);
  });

  it.each([
    [503, 'service_unavailable', false, 'warn'],
    [429, 'rate_limited', false, 'warn'],
    [404, 'no_service', true, 'error'],
  ] as const)(
    'after %d %s are done with: %s, and the log does not tell the address',
    async (status, body, done, level) => {
      await using slack = await startSlack();
      slack.answers.splice(0, 1, { status, body });
      const log = capturedLog();
      const send = slackAlerts(slack.url, new FakeClock(), log);

      expect(await send?.('used up', signal)).toBe(done);
      expect(log.at(level)).toHaveLength(1);
      expect(JSON.stringify(log.lines)).not.toContain(SLACK_SECRET);
    },
  );

  it('are log lines alone without a webhook', () => {
    expect(slackAlerts(undefined, new FakeClock(), capturedLog())).toBeUndefined();
  });
});
