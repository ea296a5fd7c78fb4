import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { ConfigError } from "../../kit/src/config-error.ts";
import type { DurableState } from "../control/step.ts";
import type { CountMemory } from "./count-memory.ts";
import type { Decision } from "./decision-log.ts";

/** So many of the latest changes, and as many holds, outlive a restart. */
export const decisionsSaved = 10;

/** What outlives a restart, for one autoscaler. */
export type SavedAutoscaler = {
  /** What it scaled; the count is of no use for anything else. */
  readonly target: string;
  readonly count: CountMemory;
  readonly control?: DurableState;
  /** Oldest first. */
  readonly decisions: readonly Decision[];
};
/** By `namespace/name`. */
export type SavedState = Readonly<Record<string, SavedAutoscaler>>;

export interface StateStore {
  /** An empty state when there is none yet; `notice` when there was one that could not be used. */
  load(): Promise<{ readonly state: SavedState; readonly notice?: string }>;
  /** The state is on the disk when this resolves. Calls do not overlap. */
  save(state: SavedState): Promise<void>;
}

const countShape = z.looseObject({
  expected: z.int().min(0),
  zeroByHand: z.boolean(),
  raisedUntilMs: z.number(),
  foreignWritesMs: z.array(z.number()),
  conflictUntilMs: z.number(),
});
const decisionShape = z.looseObject({
  atMs: z.number(),
  kind: z.enum(["hold", "scale"]),
  explanation: z.string(),
});
const count = z.custom<CountMemory>((value) => countShape.safeParse(value).success, "not a count");
const decision = z.custom<Decision>((value) => decisionShape.safeParse(value).success, "not a decision");
const fileSchema = z.object({
  version: z.literal(1),
  autoscalers: z.record(
    z.string(),
    z.object({
      target: z.string(),
      count,
      control: z.custom<DurableState>((value) => typeof value === "object" && value !== null).optional(),
      decisions: z.array(decision),
    }),
  ),
});

/**
 * The state in one JSON file. A write goes to a second file that then takes the first one's name, so a crash at any moment
 * leaves the old state or the new one. A file that cannot be read as state is kept aside, not overwritten.
 */
export function createFileStateStore(path: string, { nowMs }: { readonly nowMs: () => number }): StateStore {
  return {
    async load() {
      const text = await readFile(path, "utf8").catch((cause: unknown) => {
        if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
        const why = cause instanceof Error ? cause.message : String(cause);
        throw new ConfigError([`--state: expected a file that can be read and written, or none yet: ${why}`]);
      });
      if (text === undefined) return { state: {} };
      const problem = problemOf(text);
      if (problem === undefined)
        return { state: withoutUndefined(fileSchema.parse(JSON.parse(text)).autoscalers) };
      const aside = `${path}.corrupt-${nowMs()}`;
      await rename(path, aside);
      return {
        state: {},
        notice: `${path} is not a state file of this version (${problem}); it is kept as ${aside}, and the operator starts without it`,
      };
    },
    async save(state) {
      await mkdir(dirname(path), { recursive: true });
      const temporary = `${path}.next`;
      await writeThrough(temporary, `${JSON.stringify({ version: 1, autoscalers: state })}\n`);
      await rename(temporary, path);
      await syncDirectory(dirname(path));
    },
  };
}

function problemOf(text: string): string | undefined {
  try {
    const parsed = fileSchema.safeParse(JSON.parse(text));
    return parsed.success
      ? undefined
      : parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ");
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
}

function withoutUndefined(autoscalers: z.output<typeof fileSchema>["autoscalers"]): SavedState {
  return Object.fromEntries(
    Object.entries(autoscalers).map(([key, { control, ...saved }]) => [
      key,
      control === undefined ? saved : { ...saved, control },
    ]),
  );
}

async function writeThrough(path: string, text: string): Promise<void> {
  const file = await open(path, "w");
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
