import { describe, expect, test } from "vitest";
import { autoscalerResource } from "../../test/fakes/operator-scenario.ts";
import type { PatternMatch } from "./ports.ts";
import { patternsOf, resolveQueues } from "./queue-set.ts";

const specWith = (queues: readonly object[]) => autoscalerResource({ queues }).spec;
const jobs = "default///^jobs\\.";
const mail = "default///^mail\\.";
const matches = (entries: Record<string, PatternMatch>) => new Map(Object.entries(entries));
const found = (...names: readonly string[]): PatternMatch => ({ kind: "matched", names });
const numbered = (count: number) => Array.from({ length: count }, (_one, index) => `jobs.${index}`);
const nameWaits = ({ queues }: ReturnType<typeof resolveQueues>) =>
  queues.map(({ ref, waitSeconds }) => [ref.key, waitSeconds]);

test("a pattern's key is broker, vhost and pattern", () => {
  expect(
    patternsOf(specWith([{ pattern: "^jobs\\." }, { name: "a" }])).map(({ pattern }) => pattern),
  ).toEqual([{ key: jobs, broker: "default", vhost: "/", pattern: "^jobs\\." }]);
});

test("named and matched queues, each once, with the strictest wait that any entry asks for", () => {
  const spec = specWith([
    { name: "jobs.a", waitSeconds: 9 },
    { name: "other" },
    { pattern: "^jobs\\.", waitSeconds: 4 },
    { pattern: "^jobs\\.", vhost: "east", waitSeconds: 7 },
  ]);
  const set = resolveQueues(
    spec,
    matches({ [jobs]: found("jobs.a", "jobs.b"), "default/east/^jobs\\.": found("jobs.a") }),
  );
  expect(nameWaits(set)).toEqual([
    ["default///jobs.a", 4],
    ["default///other", undefined],
    ["default///jobs.b", 4],
    ["default/east/jobs.a", 7],
  ]);
  expect(set.unresolved).toEqual([]);
});

describe("a pattern of which the queues are not known", () => {
  const spec = specWith([{ name: "named" }, { pattern: "^jobs\\." }]);
  const cases: readonly [title: string, match: PatternMatch | undefined, reason: string, message: string][] =
    [
      [
        "that matches nothing",
        found(),
        "PatternMatchesNothing",
        "^jobs\\. in vhost / matches no queue. Check the",
      ],
      [
        "that matches too many",
        { kind: "too-many", count: 10_000 },
        "PatternTooWide",
        "10000 queues; an autoscaler may have 100",
      ],
      [
        "without the broker's list",
        { kind: "unknown", because: "answers 401" },
        "PatternUnknown",
        "answers 401. Patterns need",
      ],
      ["that nobody looks up", undefined, "PatternUnknown", "no list of the broker's queues"],
    ];
  test.each(cases)(
    "%s leaves the named queues, and says what helps",
    (_title, match, ...[reason, message]) => {
      const set = resolveQueues(spec, match === undefined ? new Map() : matches({ [jobs]: match }));
      expect(nameWaits(set)).toEqual([["default///named", undefined]]);
      expect(set.unresolved).toEqual([{ key: jobs, reason, message: expect.stringContaining(message) }]);
    },
  );

  test("keeps the queues that it found before, while the list is away", () => {
    const before = resolveQueues(spec, matches({ [jobs]: found("jobs.a") })).queues;
    const set = resolveQueues(spec, matches({ [jobs]: { kind: "unknown", because: "away" } }), before);
    expect(nameWaits(set).map(([key]) => key)).toEqual(["default///named", "default///jobs.a"]);
    expect(set.unresolved.length).toBe(1);
  });

  test("drops them when the list is there and they are not", () => {
    const before = resolveQueues(spec, matches({ [jobs]: found("jobs.a", "jobs.b") })).queues;
    const set = resolveQueues(spec, matches({ [jobs]: found("jobs.b") }), before);
    expect(nameWaits(set).map(([key]) => key)).toEqual(["default///named", "default///jobs.b"]);
  });
});

test("a hundred queues in all are allowed, one more is not, wherever they come from", () => {
  const spec = specWith([{ name: "named" }, { pattern: "^jobs\\." }, { pattern: "^mail\\." }]);
  const hundred = resolveQueues(spec, matches({ [jobs]: found(...numbered(99)), [mail]: found() }));
  expect([hundred.queues.length, hundred.unresolved.map(({ key }) => key)]).toEqual([100, [mail]]);
  const more = resolveQueues(spec, matches({ [jobs]: found(...numbered(99)), [mail]: found("mail.x") }));
  expect(nameWaits(more)).toEqual([["default///named", undefined]]);
  expect(more.unresolved.map(({ key, reason }) => [key, reason])).toEqual([
    [jobs, "PatternTooWide"],
    [mail, "PatternTooWide"],
  ]);
  expect(more.unresolved[0]?.message).toContain("101 queues in all");
});
