import { readdirSync, readFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { ServedPage } from "../../test/fakes/served-page.ts";

const docs = new URL("../../docs/", import.meta.url);

const get = async (path: string) => {
  const { server } = new ServedPage();
  onTestFinished(() => server.close());
  return server.inject(path);
};

test("every runbook is served as it is, as text that can do nothing", async () => {
  const runbooks = readdirSync(new URL("runbooks/", docs));
  expect(runbooks.length).toBeGreaterThan(20);
  for (const file of runbooks) {
    const { statusCode, headers, body } = await get(`/docs/runbooks/${file}`);
    expect(statusCode, file).toBe(200);
    expect(headers).toMatchObject({
      "content-type": "text/plain; charset=utf-8",
      "x-content-type-options": "nosniff",
      "content-security-policy": expect.stringContaining("default-src 'none'"),
    });
    expect(body).toBe(readFileSync(new URL(`runbooks/${file}`, docs), "utf8"));
  }
});

test.each(["alerts.md", "dashboards.md"])("what the dashboards lead to is there: %s", async (file) => {
  expect((await get(`/docs/${file}`)).statusCode).toBe(200);
});

test.each([
  "runbooks/Nothing.md",
  "runbooks",
  "",
  "images/console-burst.png",
  "../README.md",
  "..%2FREADME.md",
  "runbooks/..%2F..%2FREADME.md",
  "%00",
])("nothing else is: %s", async (path) => {
  const { statusCode, headers } = await get(`/docs/${path}`);
  expect(statusCode).toBe(404);
  expect(headers["content-type"]).toContain("json");
});
