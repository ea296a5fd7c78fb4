import { describe, expect, onTestFinished, test } from "vitest";
import { readEvents } from "../../src/console/page/event-stream.js";
import {
  clockText,
  durationText,
  rateText,
  ratioText,
  readable,
  zoneText,
} from "../../src/console/page/format.js";
import { chosen } from "../../src/console/page/overview-order.js";
import { hrefOfDetail, hrefOfOverview, routeOf } from "../../src/console/page/route.js";
import { limitText } from "../../src/console/page/wording.js";
import { instant } from "../../src/operator/instant.ts";
import { brokenSummary, summaryOf } from "./fixtures.ts";

/** The bytes in pieces of a size, as a network delivers them. */
const inPieces = (text: string, size: number): ReadableStream<Uint8Array<ArrayBuffer>> => {
  const bytes = new TextEncoder().encode(text);
  return new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
      controller.close();
    },
  });
};

const read = async (text: string, size: number): Promise<readonly object[]> => {
  const events: object[] = [];
  for await (const event of readEvents(inPieces(text, size))) events.push(event);
  return events;
};

describe("the stream's events", () => {
  const text =
    ': hello\n\nevent: snapshot\nid: 1\ndata: {"a":\ndata: "🌊"}\n\nretry: 5\n\ndata:x\r\n\r\nevent: changes\ndata: cut';

  test.each([1, 2, 3, 7, 1_000])(
    "are the same in pieces of %d bytes, and one that is cut off is none",
    async (size) => {
      expect(await read(text, size)).toEqual([
        { name: "snapshot", data: '{"a":\n"🌊"}' },
        { name: "message", data: "x" },
      ]);
    },
  );
});

describe("a figure as text", () => {
  const plain = (text: string): string => text.replaceAll("\u00A0", " ");

  test("has the unit that reads best", () => {
    const seconds = [0, 0.04, 2.46, 9.96, 59.4, 59.6, 60, 200, 3_599.6, 7_500, 86_399, 90_000];
    expect(seconds.map((value) => plain(durationText(value)))).toEqual([
      "0 s",
      "0 s",
      "2.5 s",
      "10 s",
      "59 s",
      "1 min",
      "1 min",
      "3 min 20 s",
      "1 h",
      "2 h 5 min",
      "1 d",
      "1 d 1 h",
    ]);
    expect([0, 0.02, 0.0999, 0.5, 9.96, 61.23, 1_234].map(rateText)).toEqual([
      "0/s",
      "1.2/min",
      "6/min",
      "0.5/s",
      "10/s",
      "61.2/s",
      "1,234/s",
    ]);
  });

  test("never rounds a share up to the promise", () => {
    expect([0.57, 0.9496, 0.95, 0.9999, 1].map((ratio) => plain(ratioText(ratio)))).toEqual([
      "57 %",
      "94.9 %",
      "95 %",
      "99.9 %",
      "100 %",
    ]);
  });

  test("keeps its unit on its line, inside a sentence too", () => {
    expect(readable("95 % within 5 s, 3 replicas, 2 slots")).toBe(
      "95\u00A0% within 5\u00A0s, 3 replicas, 2 slots",
    );
  });
});

describe("a time", () => {
  const nowMs = Date.now();

  test("in a sentence of the operator is told as a time of this place", () => {
    expect(readable(`No change before ${instant(nowMs)}. Wait.`)).toBe(
      `No change before ${clockText(nowMs)}. Wait.`,
    );
  });

  test("is of a zone with a name and an offset, but for UTC, whose name says both", () => {
    const zone = process.env["TZ"];
    onTestFinished(() => {
      if (zone === undefined) delete process.env["TZ"];
      else process.env["TZ"] = zone;
    });
    const winterMs = Date.parse("2026-01-15T12:00:00Z");
    const summerMs = Date.parse("2026-07-15T12:00:00Z");
    const zones = ["Europe/Kyiv", "Asia/Kolkata", "UTC"].map((name) => {
      process.env["TZ"] = name;
      return [winterMs, summerMs].map(zoneText);
    });
    expect(zones).toEqual([
      [expect.stringMatching(/^Europe\/(?:Kyiv|Kiev) \(UTC\+2\)$/), expect.stringMatching(/\(UTC\+3\)$/)],
      [
        expect.stringMatching(/^Asia\/(?:Kolkata|Calcutta) \(UTC\+5:30\)$/),
        expect.stringMatching(/\(UTC\+5:30\)$/),
      ],
      ["UTC", "UTC"],
    ]);
  });
});

describe("a limit", () => {
  test("is told with the bounds of its time, and without a number where those were not kept", () => {
    const bounds = { min: 1, max: 20 };
    expect(["max", "min"].map((limit) => limitText(limit, bounds).replaceAll("\u00A0", " "))).toEqual([
      "No more than 20 replicas were allowed (spec.replicas.max).",
      "No fewer than 1 replica were allowed (spec.replicas.min).",
    ]);
    expect(["max", "min"].map((limit) => limitText(limit, undefined))).toEqual([
      "No more replicas were allowed (spec.replicas.max).",
      "No fewer replicas were allowed (spec.replicas.min).",
    ]);
  });
});

describe("an address", () => {
  test.each(['"}', "<img onerror>", "a/b?c#d%2Fe", "..", "队列-🌊", "n".repeat(250)])(
    "leads to %s",
    (name) => {
      expect(routeOf(hrefOfDetail({ namespace: name, name }))).toEqual({
        kind: "detail",
        namespace: name,
        name,
      });
    },
  );

  test("keeps what the overview was narrowed to", () => {
    const choice = { text: "a&b=c d", verdict: "broken", order: "name" };
    expect(routeOf(hrefOfOverview(choice))).toEqual({ kind: "overview", choice });
  });

  test("that leads nowhere says so, and a place on the page is no address", () => {
    expect(routeOf("#/autoscalers/only-one")?.kind).toBe("nowhere");
    expect(routeOf("#/autoscalers/a/%E0%A4%A")?.kind).toBe("nowhere");
    expect(routeOf("#content")).toBeUndefined();
  });
});

describe("an order", () => {
  const names = (order: string): readonly string[] =>
    chosen(
      [
        summaryOf("b", { backlog: 3, replicas: { min: 0, max: 9, desired: 9 } }),
        summaryOf("a", { backlog: 9, waitSecondsP95: 29 }),
        brokenSummary("c", {
          backlog: 1,
          waitSecondsP95: 1,
          predictedWaitSeconds: 1,
          replicas: { min: 0, max: 2 },
        }),
      ],
      { text: "", verdict: "", order },
    ).map(({ name }) => name);

  test("is by what it says; one that is not known is the usual one", () => {
    expect(names("worst")).toEqual(["c", "a", "b"]);
    expect(names("name")).toEqual(["a", "b", "c"]);
    expect(names("wait")).toEqual(["a", "b", "c"]);
    expect(names("backlog")).toEqual(["a", "b", "c"]);
    expect(names("replicas")).toEqual(["b", "a", "c"]);
    expect(names("sideways")).toEqual(names("worst"));
  });
});
