// Flow: the Emissions view in Chromium over 6,000 containers: first picture, search, sort, pages and drill-down.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HAS_CHROMIUM, type OpenPage, openPage, picture, settled } from './chromium.ts';
import { startWorld } from './world.ts';

type World = Awaited<ReturnType<typeof startWorld>>;

const WANTED = 'service-299-7c9f6b8d5d-bhmmm';

describe.skipIf(!HAS_CHROMIUM)('emissions of 6,000 containers', { timeout: 120_000 }, () => {
  const stack = new AsyncDisposableStack();
  let world: World;
  let open: OpenPage;
  beforeAll(async () => {
    world = stack.use(await startWorld({ manyPods: 6_000 }));
    open = stack.use(await openPage());
  }, 120_000);
  afterAll(() => stack.disposeAsync());
  const goto = async (query: string) => {
    await open.page.goto(`${world.url}/?view=emissions${query}`);
    await settled(open.page);
  };
  const firstNames = () => open.page.locator('#rows tbody th').allTextContents();

  /** The request for rows that the view makes first. */
  const firstRequest = () => open.asked.find((url) => url.includes('/api/emissions') && url.includes('limit=')) ?? '';

  it('shows rows as the first useful picture, from few requests (how soon: npm run bench large-cluster)', async () => {
    open.asked.length = 0;
    await goto('&by=pod');

    expect(firstRequest()).toContain('aggregate=pod&accumulate=true&sort=-grams&limit=50');
    expect(open.asked.filter((url) => url.includes('/api/emissions')).length).toBeLessThan(4);
    expect(await open.page.locator('#rows tbody tr').count()).toBe(50);
    await open.page.waitForSelector('#emissions canvas');
    await picture(open.page, 'emissions-6000');
  });

  it('finds a pod while it is typed', async () => {
    await goto('&by=pod');
    open.asked.length = 0;
    await open.page.fill('#search', WANTED);
    await open.page.waitForSelector('#rows tbody tr:only-child');
    await settled(open.page);

    expect(firstRequest()).toContain(`search=${WANTED}`);
    expect(await firstNames()).toEqual([`team-19/${WANTED}`]);
    expect(await open.page.locator('#search').evaluate((element) => element.matches(':focus'))).toBe(true);
    expect(new URL(open.page.url()).searchParams.get('search')).toBe(WANTED);
  });

  it('sorts and pages on the server', async () => {
    await goto('&by=pod&namespace=team-3');
    const largest = await firstNames();

    await open.page.click('#page-after');
    await settled(open.page);
    const second = await firstNames();
    await open.page.click('#sort-name');
    await settled(open.page);

    expect(largest[0]).toContain('service-299-');
    expect(second).toHaveLength(50);
    expect(second.filter((name) => largest.includes(name))).toEqual([]);
    expect(await open.page.locator('.pager span').textContent()).toBe('1 to 50 of 300');
    expect(await open.page.locator('th[aria-sort="ascending"]').textContent()).toContain('Pod');
  });

  it('goes from a namespace to its workloads, pods and containers, with a chip for each filter', async () => {
    await goto('');
    const click = async (text: string | RegExp) => {
      await open.page.locator('#rows .link', { hasText: text }).first().click();
      await settled(open.page);
    };

    await click(/^team-7$/);
    await click('service-299');
    const pods = await firstNames();
    await click('service-299-7c9f6b8d5d-');
    const chips = await open.page.locator('#filters button').allTextContents();
    await open.page.locator('#filters button').first().click();
    await settled(open.page);

    expect(pods).toEqual(['team-7/service-299-7c9f6b8d5d-bhmlk']);
    expect(chips).toEqual(['namespace: team-7 ×', 'workload: service-299 ×', 'pod: service-299-7c9f6b8d5d-bhmlk ×']);
    expect(await open.page.locator('#filters button').count()).toBe(2);
  });

  it('shows a what-if zone as a line, in the totals and in a column', async () => {
    await goto('&zone=SE');

    expect(await open.page.locator('dt', { hasText: 'If all had run in SE' }).count()).toBe(1);
    expect(await open.page.locator('.u-legend', { hasText: 'all in SE' }).count()).toBe(1);
    expect(await open.page.locator('#rows th', { hasText: 'In SE' }).count()).toBe(1);
  });
});

describe.skipIf(!HAS_CHROMIUM)('the time zone of the page', { timeout: 120_000 }, () => {
  it('switches between UTC and the viewer’s own, and stays so in this browser', async () => {
    await using world = await startWorld();
    await using open = await openPage();
    await open.page.goto(`${world.url}/?view=time&zone=DE`);
    await settled(open.page);
    const hours = () => open.page.locator('.heatmap thead tr:nth-child(2) th').allTextContents();
    const utc = await hours();

    await open.page.click('#clock');
    await settled(open.page);
    const local = await hours();
    await open.page.reload();
    await settled(open.page);

    const now = Date.now();
    const inNewYork = new Date(now).toLocaleString('en-US', {
      timeZone: 'America/New_York',
      hour: '2-digit',
      hourCycle: 'h23',
    });
    expect(utc[24]).toBe(String(new Date(now).getUTCHours()).padStart(2, '0'));
    expect(local[24]).toBe(inNewYork);
    expect(await hours()).toEqual(local);
    expect(await open.page.locator('#footer-zone').textContent()).toBe('America/New_York');
  });

  it('has 25 hours on the day that clocks go back, and 23 on the day that they go forward', async () => {
    await using world = await startWorld({ empty: true });
    await using open = await openPage();
    await open.page.goto(world.url);
    await settled(open.page);
    await open.page.click('#clock');

    const hoursOn = (date: string, utcStart: string) =>
      open.page.evaluate(
        `import('/dashboard/clock.js').then(({ partsOf }) => Array.from({ length: 30 }, (_, hour) => partsOf(Date.parse('${utcStart}') + hour * 3600000)).filter(({ date }) => date === '${date}').map(({ hour }) => hour))`,
      ) as Promise<string[]>;

    const back = await hoursOn('2026-11-01', '2026-11-01T03:00:00Z');
    const forward = await hoursOn('2026-03-08', '2026-03-08T04:00:00Z');

    expect(back).toHaveLength(25);
    expect(back.slice(0, 4)).toEqual(['00', '01', '01', '02']);
    expect(forward).toHaveLength(23);
    expect(forward.slice(0, 3)).toEqual(['00', '01', '03']);
  });
});
