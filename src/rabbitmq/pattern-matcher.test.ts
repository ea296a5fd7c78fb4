import { describe, expect, test } from "vitest";
import { createPatternMatcher } from "./pattern-matcher.ts";

const matcher = () => createPatternMatcher(() => 0);
const numbered = (count: number) => Array.from({ length: count }, (_, index) => `jobs.mail.${index}`);

describe("a pattern", () => {
  test("begins at the name's first character and ends where it says so", () => {
    const names = ["jobs.mail.a", "xjobs.mail.b", "jobs.mail", "jobs.mail.c.dlq"];
    expect(matcher().match("^jobs\\.mail\\.", names)).toEqual({
      kind: "matched",
      names: ["jobs.mail.a", "jobs.mail.c.dlq"],
    });
    expect(matcher().match("^jobs\\.mail\\.[^.]+$", names)).toEqual({
      kind: "matched",
      names: ["jobs.mail.a"],
    });
    expect(matcher().match("^jobs\\.mail$|mail", names)).toEqual({ kind: "matched", names: ["jobs.mail"] });
  });

  test("reads names as Unicode, and gives them sorted", () => {
    expect(matcher().match("^.$", ["ü", "𝄞", "ab", "a"])).toEqual({
      kind: "matched",
      names: ["a", "ü", "𝄞"],
    });
  });

  test("that matches more than a hundred says how many", () => {
    expect(matcher().match("^jobs\\.", numbered(100))).toMatchObject({ kind: "matched" });
    expect(matcher().match("^jobs\\.", numbered(10_000))).toEqual({ kind: "too-many", count: 10_000 });
  });

  test("that is no expression says why", () => {
    const match = matcher().match("^jobs(", []);
    expect(match).toMatchObject({
      kind: "unknown",
      because: expect.stringMatching(/no regular expression: .*group/),
    });
  });

  test("that takes exponential time is given up, and tried again after 5 s, then after twice as long", () => {
    let nowMs = 0;
    const patient = createPatternMatcher(() => nowMs);
    const evil = ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"];
    const tooSlow = { kind: "unknown", because: expect.stringContaining("takes too long") };
    const match = (names: readonly string[], atMs: number) => {
      nowMs = atMs;
      return patient.match("^(a+)+$", [...names]);
    };
    const beganMs = performance.now();
    expect(match(evil, 0)).toEqual(tooSlow);
    expect(performance.now() - beganMs).toBeLessThan(5_000);
    expect(match(["aaa"], 4_999)).toEqual(tooSlow);
    expect(match(evil, 5_000)).toEqual(tooSlow);
    expect(match(["aaa"], 14_999)).toEqual(tooSlow);
    expect(match(["aaa"], 15_000)).toEqual({ kind: "matched", names: ["aaa"] });
  });
});
