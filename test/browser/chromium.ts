import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { ROOT } from '../laws/sources.ts';
import { available, findProgram } from '../servers/available.ts';

/** Whether the page can be tested on this machine. */
export const HAS_CHROMIUM = available('chromium', 'install Chromium (Debian: apt-get install chromium)');

const ARGUMENTS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

/** A page in a browser of its own, with what went wrong in it and what it asked for. */
export interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Exceptions and refused content, such as by the Content-Security-Policy. */
  readonly faults: string[];
  /** Every address that was asked for. */
  readonly asked: string[];
}

/** Opens a page in the machine's Chromium, with a profile that is gone afterwards. */
export async function openPage(options: { width?: number; height?: number; dark?: boolean } = {}): Promise<OpenPage> {
  const profile = mkdtempSync(join(tmpdir(), 'chromium-'));
  const { width = 1280, height = 900, dark = false } = options;
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: findProgram('chromium') as string,
    args: ARGUMENTS,
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    acceptDownloads: true,
    timezoneId: 'America/New_York',
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const faults: string[] = [];
  const asked: string[] = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    // The loss of a connection is told there too, and is no fault of the page.
    if (message.type() === 'error' && !/Failed to load resource|net::ERR/.test(message.text()))
      faults.push(message.text());
  });
  page.on('request', (request) => asked.push(request.url()));
  return {
    page,
    context,
    faults,
    asked,
    async [Symbol.asyncDispose]() {
      await context.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Waits until every part of the view is there: nothing loads any more. */
export async function settled(page: Page): Promise<void> {
  await page.waitForSelector('.view .card, .view .failed');
  await page.waitForSelector('[aria-busy=true], .loading', { state: 'detached' });
}

/** Keeps a picture of the whole page under test-artifacts/. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = join(ROOT, 'test-artifacts', 'dashboard');
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
