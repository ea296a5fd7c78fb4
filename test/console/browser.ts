import { type Browser, type BrowserContextOptions, chromium, type Page, type Request } from "playwright-core";
import type { RunScope } from "../../embedded/run-scope.ts";

/** The distribution's Chromium with a profile of its own. Root may not use its sandbox. */
export const launchChromium = (scope: RunScope): Promise<Browser> =>
  chromium.launch({
    executablePath: scope.program("chromium"),
    args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
  });

export type Tab = {
  readonly page: Page;
  /** What went wrong in it: errors on the console, exceptions, violations of the policy. */
  readonly problems: readonly string[];
  /** Where its requests went. */
  readonly origins: ReadonlySet<string>;
};

/** Chromium breaks off requests when any network interface of the machine comes or goes; other tests make some. */
const isMachinesFault = (text: string): boolean => text.includes("ERR_NETWORK_CHANGED");

export type TabOptions = BrowserContextOptions & {
  /** Whether `page.clock` can move the page's time. */
  readonly movableClock?: boolean;
};

/** A tab that shows `url`, in a browser context of its own. */
export const openTab = async (
  browser: Browser,
  url: string,
  { movableClock = false, ...options }: TabOptions = {},
): Promise<Tab> => {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  if (movableClock) await page.clock.install();
  const problems: string[] = [];
  const origins = new Set<string>();
  page.on("console", (message) => {
    if (message.type() === "error" && !isMachinesFault(message.text())) problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("request", (request) => origins.add(new URL(request.url()).origin));
  await load(page, url);
  return { page, problems, origins };
};

/** Goes to an address, or loads the present one again; once more where the machine's network broke a part of it off. */
export const load = async (page: Page, url?: string): Promise<void> => {
  let isBroken = false;
  const onFailed = (request: Request): void => {
    isBroken ||= isMachinesFault(request.failure()?.errorText ?? "");
  };
  page.on("requestfailed", onFailed);
  for (let attempt = 1; attempt === 1 || (isBroken && attempt < 6); attempt++) {
    isBroken = false;
    // Going to an address with a hash a second time would load nothing.
    const isThere = url === undefined || page.url() === url;
    await (isThere ? page.reload() : page.goto(url)).catch((error: unknown) => {
      if (!isMachinesFault(String(error))) throw error;
      isBroken = true;
    });
  }
  page.off("requestfailed", onFailed);
};
