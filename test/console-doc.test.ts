import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { usualStreamLimits } from "../src/console/stream-hub.ts";
import { summariesAtOnce } from "../src/console/live-summaries.ts";

const room = new URL("../src/console/", import.meta.url);
const page = readFileSync(new URL("../docs/console.md", import.meta.url), "utf8");

test("docs/console.md lists each refusal of the page's routes, and no other", () => {
  const sources = readdirSync(room).filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"));
  const codes = sources.flatMap((file) => {
    const text = readFileSync(new URL(file, room), "utf8");
    return [...text.matchAll(/\bcode: "([\w-]+)"/g)].map(([, code]) => code);
  });
  const listed = [...page.matchAll(/^\| `([a-z-]+)` \| \d{3} \|/gm)].map(([, code]) => code);
  expect(listed.length).toBeGreaterThan(5);
  expect(new Set(listed)).toEqual(new Set(codes));
});

test("docs/console.md tells the bounds that the program has", () => {
  expect(page).toContain(`| open pages at one operator, and at one gateway | ${usualStreamLimits.streams};`);
  expect(page).toContain(
    `| what waits for one reader | ${usualStreamLimits.backlogBytes / 1_048_576} MiB, and ${usualStreamLimits.stalledMs / 1_000} s`,
  );
  expect(page).toContain(`| one event | ${summariesAtOnce.toLocaleString("en")} autoscalers`);
});
