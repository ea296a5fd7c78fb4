import type { Browser, Page } from "playwright-core";
import { createRunScope, type RunScope } from "../../embedded/run-scope.ts";
import { launchChromium, openTab, type Tab, type TabOptions } from "./browser.ts";
import { FixtureServer } from "./fixture-server.ts";

/** A browser for the tests of one file; each test has a server of its own. */
export class Stage {
  readonly #scope: RunScope;
  readonly #browser: Browser;
  readonly #servers: FixtureServer[] = [];

  private constructor(scope: RunScope, browser: Browser) {
    this.#scope = scope;
    this.#browser = browser;
  }

  static async create(): Promise<Stage> {
    const scope = await createRunScope();
    return new Stage(scope, await launchChromium(scope));
  }

  async serve(): Promise<FixtureServer> {
    const server = new FixtureServer(this.#scope);
    this.#servers.push(server);
    await server.start();
    return server;
  }

  open(url: string, options: TabOptions = {}): Promise<Tab> {
    return openTab(this.#browser, url, options);
  }

  /** From here on the time of a page with a movable clock stands still, this much later: far enough to come before it does. */
  async pause(page: Page, laterMs = 5_000): Promise<void> {
    await page.clock.pauseAt((await page.evaluate(() => Date.now())) + laterMs);
  }

  /** After a test: its tabs and servers. */
  async clear(): Promise<void> {
    await Promise.all(this.#browser.contexts().map((context) => context.close()));
    await Promise.all(this.#servers.splice(0).map((server) => server.stop()));
  }

  async end(): Promise<void> {
    await this.clear();
    await this.#browser.close();
    await this.#scope.stop();
  }
}
