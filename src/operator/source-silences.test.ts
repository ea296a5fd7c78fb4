import { expect, test } from "vitest";
import { SourceSilences } from "./source-silences.ts";

const startMs = Date.parse("2026-07-15T12:00:00Z");
const at = (seconds: number): number => startMs + seconds * 1_000;

test("says since when and why, once what was told last is not used any more", () => {
  const silences = new SourceSilences(30);
  silences.note("workers", undefined, at(0));
  silences.note("workers", "Prometheus cannot be reached", at(2));
  expect(silences.notes(at(30))).toEqual([]);
  silences.note("workers", "Prometheus answers 503.", at(31));
  expect(silences.notes(at(31))).toEqual([
    "The workers' metrics have not been read in full since 2026-07-15T12:00:00Z: Prometheus answers 503.",
  ]);
  silences.note("workers", undefined, at(33));
  expect(silences.notes(at(33))).toEqual([]);
});

test("of one that never told anything there is no time, and it has as long", () => {
  const silences = new SourceSilences(30);
  silences.note("broker", "connection refused", at(0));
  silences.note("broker", "connection refused", at(28));
  expect(silences.notes(at(30))).toEqual([]);
  expect(silences.notes(at(31))).toEqual(["The queues have not been read in full yet: connection refused."]);
});

test("says nothing of a source that nobody asks", () => {
  expect(new SourceSilences(30).notes(at(100))).toEqual([]);
});
