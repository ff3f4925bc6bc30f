// Flow: the dashboard in Chromium over hours of updates: memory and errors.
import { describe, expect, it } from 'vitest';
import { HAS_CHROMIUM, openPage, picture, settled } from './chromium.ts';
import { HOSTILE, startWorld } from './world.ts';

const VIEWS = ['now', 'time', 'emissions', 'scheduling', 'sites'] as const;

describe.skipIf(!HAS_CHROMIUM)('the dashboard under hard conditions', { timeout: 120_000 }, () => {
  it('tells the loss of the connection, keeps what it shows, and is live again by itself', async () => {
    await using world = await startWorld();
    await using open = await openPage();
    await open.page.goto(world.url);
    await settled(open.page);
    await open.page.waitForSelector('.live.connected');

    await world.stop();
    await open.page.waitForSelector('.live.lost');
    const kept = await open.page.locator('#grid tbody tr').count();
    await picture(open.page, 'connection-lost');
    await world.start();
    await open.page.waitForSelector('.live.connected');

    expect(kept).toBe(5);
    expect(await open.page.locator('.failed').count()).toBe(0);
    expect(open.faults).toEqual([]);
  });

  it('follows the cache from fresh to stale to missing without a reload', async () => {
    await using world = await startWorld();
    await using open = await openPage();
    await open.page.goto(world.url);
    await open.page.waitForSelector('.state.fresh');
    await open.page.waitForSelector('.live.connected');

    world.setCache(3_600_000);
    await open.page.waitForSelector('.state.stale');
    expect(await open.page.locator('.banner .stale').count()).toBe(1);
    await picture(open.page, 'now-stale');
    world.loseCache('the file is not whole JSON');
    await open.page.waitForSelector('.state.missing');

    expect(await open.page.locator('.state.missing').textContent()).toContain('the file is not whole JSON');
    expect(await open.page.locator('#grid .empty').count()).toBe(1);
    await picture(open.page, 'now-missing');
  });

  it('says what is missing and what brings it where nothing is recorded', async () => {
    await using world = await startWorld({ empty: true });
    await using open = await openPage();

    for (const view of VIEWS) {
      await open.page.goto(`${world.url}/?view=${view}`);
      await settled(open.page);
      await picture(open.page, `${view}-empty`);
      expect([view, await open.page.locator('.failed').count()]).toEqual([view, 0]);
      if (view !== 'sites') expect(await open.page.locator('.empty').count()).toBeGreaterThan(0);
    }

    expect(open.faults).toEqual([]);
  });

  it('shows an error in the words of the API, and tries again on request', async () => {
    await using world = await startWorld();
    await using open = await openPage();

    await open.page.goto(`${world.url}/?view=emissions&window=500d`);
    await open.page.waitForSelector('#emissions .failed');

    expect(await open.page.locator('#emissions .failed').textContent()).toContain('window is longer than 366 days');
    await picture(open.page, 'emissions-failed');
    const again = open.page.waitForResponse((response) => response.url().includes('/api/emissions'));
    await open.page.click('.failed button');
    expect((await again).status()).toBe(400);
  });

  it('offers to load the page again where a view no longer has its modules, as after an update', async () => {
    await using world = await startWorld();
    await using open = await openPage();
    await open.page.route('**/views/sites.js', (route) => route.fulfill({ status: 404 }));
    await open.page.goto(world.url);
    await settled(open.page);

    await open.page.click('#nav-sites');
    await open.page.waitForSelector('.failed');
    const shown = await open.page.locator('.failed').textContent();
    await open.page.unroute('**/views/sites.js');
    await open.page.click('.failed button');
    await open.page.waitForSelector('.view .card, .view .empty');

    expect(shown).toContain('The page was updated, or the API cannot be reached.');
    expect(await open.page.locator('h1').textContent()).toBe('Sites');
    expect(open.faults).toEqual([]);
  });

  it('requests what all views need once, and nothing again for an unchanged grid', async () => {
    await using world = await startWorld();
    await using open = await openPage();
    const events = open.page.waitForResponse((response) => response.url().endsWith('/api/events'));
    await open.page.goto(world.url);
    await settled(open.page);
    await events;
    const count = (path: string) => open.asked.filter((url) => url.includes(path)).length;
    // The views that are not shown are loaded after the first events have arrived.
    await open.page.waitForRequest((request) => request.url().endsWith('/views/sites.js'));

    expect([count('/api/grid'), count('/api/status'), count('/api/decisions')]).toEqual([1, 1, 1]);
    expect(open.faults).toEqual([]);
  });

  it('shows hostile names as text, whole in the title, and inside the screen', async () => {
    await using world = await startWorld({ hostile: true });
    await using open = await openPage({ width: 360, height: 740 });

    for (const view of ['now', 'emissions', 'scheduling'] as const) {
      await open.page.goto(`${world.url}/?view=${view}`);
      await settled(open.page);
      await picture(open.page, `${view}-hostile`);
      expect(await open.page.locator('.view img').count()).toBe(0);
      expect(await open.page.title()).toMatch(/ · carbon-extender$/);
      const titles = await open.page
        .locator('bdi.name')
        .evaluateAll((all) => all.map((one) => one.getAttribute('title')));
      const wanted = view === 'scheduling' ? [HOSTILE[0]] : HOSTILE;
      expect(titles).toEqual(expect.arrayContaining([...wanted]));
      expect([view, await overflow(open)]).toEqual([view, 0]);
    }

    expect(open.faults).toEqual([]);
  });

  it.each([false, true])('fits a screen of 360 pixels, dark: %s', async (dark) => {
    await using world = await startWorld();
    await using open = await openPage({ width: 360, height: 740, dark });

    for (const view of VIEWS) {
      await open.page.goto(`${world.url}/?view=${view}`);
      await settled(open.page);
      await picture(open.page, `${view}-phone${dark ? '-dark' : ''}`);
      expect([view, await overflow(open)]).toEqual([view, 0]);
    }
  });

  it('is walked by keyboard: skip link, brand, views in their order, then the content', async () => {
    await using world = await startWorld();
    await using open = await openPage();
    await open.page.goto(`${world.url}/?view=emissions`);
    await settled(open.page);
    const focused = () => open.page.locator(':focus').evaluate((element) => element.textContent || element.id);

    const order: string[] = [];
    for (let step = 0; step < 8; step += 1) {
      await open.page.keyboard.press('Tab');
      order.push((await focused()).trim());
    }
    await open.page.keyboard.press('Tab');
    const control = await open.page.locator(':focus').getAttribute('id');
    await open.page.focus('#nav-time');
    await open.page.keyboard.press('Enter');
    await settled(open.page);

    expect(order).toEqual([
      'Skip to content',
      'carbon-extender',
      'Now',
      'Time',
      'Emissions',
      'Scheduling',
      'Sites',
      'UTC',
    ]);
    expect(control).toBe('select-window');
    expect(new URL(open.page.url()).searchParams.get('view')).toBe('time');
    expect(await open.page.locator(':focus').getAttribute('id')).toBe('content');
  });

  it('keeps view and window in the URL, back and forth', async () => {
    await using world = await startWorld();
    await using open = await openPage();
    await open.page.goto(`${world.url}/?view=emissions`);
    await settled(open.page);

    await open.page.selectOption('#select-window', '7d');
    await open.page.waitForURL(/window=7d/);
    await open.page.selectOption('#select-group-by', 'pod');
    await open.page.waitForURL(/by=pod/);
    await settled(open.page);
    await open.page.goBack();
    await settled(open.page);

    expect(new URL(open.page.url()).search).toBe('?view=emissions&window=7d');
    expect(await open.page.locator('#select-group-by').inputValue()).toBe('namespace');
    expect(await open.page.locator('#select-window').inputValue()).toBe('7d');
  });

  it('weighs under 500 kB with everything that it loads', async () => {
    await using world = await startWorld();
    await using open = await openPage();
    const sizes: Promise<number>[] = [];
    open.page.on('requestfinished', (request) => {
      if (!/\/(dashboard\/.*)?$/.test(new URL(request.url()).pathname)) return;
      sizes.push(request.sizes().then(({ responseBodySize }) => responseBodySize));
    });

    await open.page.goto(`${world.url}/?view=time`);
    await settled(open.page);
    await open.page.waitForSelector('canvas');
    await expect.poll(() => sizes.length).toBeGreaterThan(10);
    const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);

    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(500_000);
  });
});

/** Pixels by which the page is wider than the screen. */
async function overflow({ page }: Awaited<ReturnType<typeof openPage>>): Promise<unknown> {
  return page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}
