// Flow: the dashboard in Chromium while a new installation has no data yet.
import { describe, expect, it } from 'vitest';
import { HAS_CHROMIUM, openPage, picture, settled } from './chromium.ts';
import { startWorld } from './world.ts';

describe.skipIf(!HAS_CHROMIUM)('the dashboard at first sight', { timeout: 120_000 }, () => {
  it('shows the banner when only the power is simulated, and says that it is the power', async () => {
    await using world = await startWorld({ simulatedPower: true });
    await using open = await openPage();

    await open.page.goto(world.url);
    await open.page.waitForSelector('.banner .simulated');

    expect(await open.page.locator('.banner .simulated').textContent()).toContain(
      'The power of containers is simulated',
    );
    expect(await world.get('/api/grid')).toMatchObject({ simulated: false, simulated_power: true });
    await picture(open.page, 'now-simulated-power');
  });

  it('shows none when everything is measured', async () => {
    await using world = await startWorld();
    await using open = await openPage();

    await open.page.goto(world.url);
    await settled(open.page);
    while ((await world.get('/api/grid')).simulated_power === null) await open.page.waitForTimeout(50);
    await open.page.waitForSelector('.live.connected');

    expect(await open.page.locator('.banner .simulated').count()).toBe(0);
    expect(await world.get('/api/grid')).toMatchObject({ simulated: false, simulated_power: false });
  });

  it('draws the only hour that is recorded as a point, on an axis of hours', async () => {
    await using world = await startWorld({ firstHour: true });
    await using open = await openPage();

    await open.page.goto(`${world.url}/?view=time&zone=SE`);
    await open.page.waitForSelector('.chart canvas');

    expect(await open.page.locator('summary').textContent()).toBe('Figures of the hour shown');
    // In the middle, since the axis reaches an hour to each side: at the left edge it would span years.
    expect(await open.page.evaluate(pixels(0.4, 0.7))).toBeGreaterThan(0);
    await picture(open.page, 'time-first-hour');
  });

  it('shows the newest readings of a site, also of one that sends too many for a day', async () => {
    await using world = await startWorld();
    await using open = await openPage();
    const now = Date.now();
    const every10s = Array.from({ length: 6_000 }, (_, ago) => ({
      site_id: 'berlin',
      device_id: 'meter-1',
      power_reading: ago === 0 ? 777 : 400,
      timestamp: new Date(now - ago * 10_000).toISOString(),
    }));
    for (let at = 0; at < every10s.length; at += 1_000) await sendReadings(world.url, every10s.slice(at, at + 1_000));

    await open.page.goto(`${world.url}/?view=sites&site=berlin`);
    await open.page.waitForSelector('[aria-label="Newest readings"] table');

    expect(await open.page.locator('[aria-label="Newest readings"] tbody tr').first().textContent()).toContain('777');
    expect(await open.page.locator('#site .note').allTextContents()).toEqual([
      'Readings of the last 6 hours; a whole day has too many for a chart.',
    ]);
  });

  it('tells containers with one beginning apart on a telephone', async () => {
    await using world = await startWorld();
    await using open = await openPage({ width: 360, height: 740 });

    await open.page.goto(`${world.url}/?view=emissions&by=container`);
    await settled(open.page);

    // Nothing of a name of this length is cut off.
    const cut = await open.page
      .locator('tbody th .name')
      .evaluateAll((all) =>
        all
          .filter((one) => one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1)
          .map((one) => one.textContent),
      );
    const names = await open.page.locator('tbody th .name').allTextContents();
    expect(names).toContain('shop/checkout-7d9f/app');
    expect(cut).toEqual([]);
  });

  it('shows the quality of every zone on a telephone without scrolling, and that there is more beside', async () => {
    await using world = await startWorld();
    await using open = await openPage({ width: 360, height: 740 });

    await open.page.goto(world.url);
    await settled(open.page);

    const chips = await open.page.locator('#grid .chip').all();
    expect(chips.length).toBe(5);
    for (const chip of chips) {
      const box = await chip.boundingBox();
      expect((box?.x ?? 360) + (box?.width ?? 0)).toBeLessThan(345);
    }
    const ranks = await open.page.locator('#grid tbody th').evaluateAll((all) => all.map((one) => one.clientHeight));
    expect(Math.max(...ranks)).toBeLessThan(50);
  });
});

async function sendReadings(url: string, readings: readonly object[]): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${url}/readings`, { method: 'POST', headers, body: JSON.stringify(readings) });
  if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
}

/** Pixels of the chart in the colour of the recorded line, in a part of its width. */
const pixels = (from: number, to: number) => `(() => {
  const { width, height } = document.querySelector('.chart canvas');
  const context = document.querySelector('.chart canvas').getContext('2d');
  const { data } = context.getImageData(width * ${from}, 0, width * ${to - from}, height);
  let found = 0;
  for (let at = 0; at < data.length; at += 4)
    if (data[at] === 0x16 && data[at + 1] === 0x65 && data[at + 2] === 0x34) found += 1;
  return found;
})()`;
