import { instant } from "./instant.ts";
import { endOfSentence } from "./sentence.ts";

const asked = {
  broker: "The queues have not been read in full",
  workers: "The workers' metrics have not been read in full",
};
/** Those whose silence every autoscaler feels. A floor's is told by the autoscaler that names it. */
export type NotedSource = keyof typeof asked;

export type Silence = {
  /** When the source last told all; undefined where it never did. */
  readonly toldMs: number | undefined;
  readonly because: string;
};

/** Since when a source does not tell all, and why: one sentence. */
export const sourceNote = (source: NotedSource, { toldMs, because }: Silence): string =>
  `${asked[source]} ${toldMs === undefined ? "yet" : `since ${instant(toldMs)}`}: ${endOfSentence(because)}`;
