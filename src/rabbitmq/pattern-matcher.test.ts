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

  test("that takes exponential time is given up, and is not tried again for ten minutes", () => {
    let nowMs = 0;
    const patient = createPatternMatcher(() => nowMs);
    const evil = ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"];
    const timed = () => {
      const beganMs = performance.now();
      const match = patient.match("^(a+)+$", evil);
      return { match, tookMs: performance.now() - beganMs };
    };
    const first = timed();
    expect(first.match).toMatchObject({
      kind: "unknown",
      because: expect.stringContaining("takes too long"),
    });
    expect(first.tookMs).toBeLessThan(5_000);
    expect(patient.match("^(a+)+$", ["aaa"])).toMatchObject({ kind: "unknown" });
    nowMs = 10 * 60_000;
    expect(patient.match("^(a+)+$", ["aaa"])).toEqual({ kind: "matched", names: ["aaa"] });
  });
});
