import { describe, expect, test } from "vitest";
import { describeJournal } from "../../test/conformance/journal-conformance.ts";
import { MemoryJournal } from "../../test/fakes/memory-journal.ts";
import { autoscalerResource, startedScenario } from "../../test/fakes/operator-scenario.ts";
import { RecordingLogger } from "../../test/fakes/recording-logger.ts";
import type { ClusterClient } from "../kubernetes/cluster-client.ts";
import { JournalWriter } from "../kubernetes/journal-writer.ts";
import { StatusJournal } from "../kubernetes/status-journal.ts";
import type { JournalEntry } from "./ports.ts";

/** The last account of an operator that scaled out, under a name of its own. */
const entries = () => {
  let made = 0;
  return async (): Promise<JournalEntry> => {
    const journal = new MemoryJournal();
    const scenario = await startedScenario({ journal });
    scenario.world.publish(20);
    await scenario.walk(4);
    const entry = journal.entries.at(-1);
    if (entry === undefined) throw new Error("nothing was reported");
    const { metadata, ...resource } = entry.resource;
    return { ...entry, resource: { ...resource, metadata: { ...metadata, name: `autoscaler-${++made}` } } };
  };
};

describe("the journal in memory", () => {
  describeJournal(async () => ({
    journal: new MemoryJournal(),
    entry: entries(),
    settle: async () => {},
    close: async () => {},
  }));
});

describe("the journal of a cluster", () => {
  describeJournal(async () => {
    const logger = new RecordingLogger();
    const statuses = new Map<string, unknown>();
    const client: Pick<ClusterClient, "patch" | "create"> = {
      // What an API server keeps of a status went through JSON.
      async patch({ namespace, name }, operations) {
        const added = operations.find(({ op, path }) => op === "add" && path === "/status");
        const value = added !== undefined && "value" in added ? added.value : undefined;
        statuses.set(`${namespace}/${name}`, JSON.parse(JSON.stringify(value)));
        return JSON.parse("null");
      },
      create: async () => JSON.parse("null"),
    };
    const writer = new JournalWriter({ client, identity: "operator-0", logger });
    const journal = new StatusJournal({
      writer,
      stored: (key) => statuses.get(key),
      rejected: () => [],
      logger,
      nowMs: () => 0,
    });
    return { journal, entry: entries(), settle: () => writer.drain(1_000), close: () => journal.stop() };
  });
});

test("what came back from memory is a copy", async () => {
  const journal = new MemoryJournal();
  const entry = await entries()();
  journal.report({ ...entry, resource: autoscalerResource() });
  expect(journal.saved(autoscalerResource())).not.toBe(journal.saved(autoscalerResource()));
});
