import { expect, test } from "vitest";
import { RecordingLogger } from "../../test/fakes/recording-logger.ts";
import { KubernetesError } from "./errors.ts";
import { JournalWriter } from "./journal-writer.ts";

const occurrence = { type: "Normal", reason: "Load", action: "Scale", note: "from 1 to 2", atMs: 0 } as const;
const forbidden = (namespace: string) =>
  new KubernetesError(`no right to events in ${namespace}`, { code: "forbidden" });

test("an Event that is refused is told of until one of the same namespace is written", async () => {
  const refused = new Set(["a", "b"]);
  const writer = new JournalWriter({
    client: {
      patch: () => Promise.reject(new Error("not asked")),
      create: (path) =>
        refused.has(path.namespace ?? "")
          ? Promise.reject(forbidden(path.namespace ?? ""))
          : Promise.resolve(undefined as never),
    },
    identity: "operator",
    logger: new RecordingLogger(),
  });
  const tell = async (namespace: string) => {
    writer.putEvent({ namespace, name: "images", uid: "1" }, occurrence);
    await writer.drain(5_000);
  };
  await tell("a");
  await tell("b");
  await tell("c");
  expect(writer.refusals).toEqual(["no right to events in a", "no right to events in b"]);
  refused.delete("a");
  await tell("a");
  expect(writer.refusals).toEqual(["no right to events in b"]);
});
