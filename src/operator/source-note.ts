import { instant } from "./instant.ts";
import type { SourceName } from "./metrics.ts";
import { endOfSentence } from "./sentence.ts";

const told: Readonly<Record<SourceName, string>> = {
  broker: "What the broker tells of the queues has not all come",
  workers: "The workers' metrics have not all been read",
  floors: "The floors have not been evaluated",
};

/** Since when a source tells nothing, or not all, and why; `sinceMs` is absent where it never told anything. */
export function sourceNote(
  source: SourceName,
  { sinceMs, because }: { readonly sinceMs: number | undefined; readonly because: string },
): string {
  const since = sinceMs === undefined ? "yet" : `since ${instant(sinceMs)}`;
  return `${told[source]} ${since}: ${endOfSentence(because)}`;
}
