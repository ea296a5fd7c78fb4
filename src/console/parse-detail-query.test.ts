import { expect, test } from "vitest";
import { parseDetailQuery } from "./parse-detail-query.ts";

test("takes the usual page and the series when nothing is asked for", () => {
  expect(parseDetailQuery({})).toEqual({ kind: "asked", limit: 25, before: undefined, withSeries: true });
});

test("takes a page before a decision, and leaves the series out when told to", () => {
  expect(parseDetailQuery({ before: "17", limit: "0", series: "none" })).toEqual({
    kind: "asked",
    limit: 0,
    before: 17,
    withSeries: false,
  });
  expect(parseDetailQuery({ limit: "100" })).toMatchObject({ limit: 100 });
});

test.each([
  [{ before: "0" }, "before: expected the seq of a decision, 1 or more."],
  [{ before: "-1" }, "before:"],
  [{ before: "" }, "before:"],
  [{ before: ["1", "2"] }, "before:"],
  [{ before: "1e3" }, "before:"],
  [{ limit: "101" }, "limit: expected 0 to 100."],
  [{ limit: "1.5" }, "limit:"],
  [{ limit: "9".repeat(400) }, "limit:"],
  [{ series: "all" }, 'series: expected "none", or leave it out.'],
])("refuses %j and says what it expects", (query, because) => {
  expect(parseDetailQuery(query)).toEqual({ kind: "refused", because: expect.stringContaining(because) });
});
