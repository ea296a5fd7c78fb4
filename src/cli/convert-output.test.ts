import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import type { Conversion } from "../convert/convert.ts";
import { messagesOf, yamlOf } from "./convert-output.ts";

const note = { kind: "chosen", field: "spec.x", message: "one\nkind: Secret\r\u2028two\u0085three" } as const;
const conversion: Conversion = {
  converted: [
    { source: "ScaledObject a/b", resource: { kind: "WorkerAutoscaler", text: "x\ny" }, notes: [note] },
    { source: "ScaledObject a/c", resource: { kind: "WorkerAutoscaler" }, notes: [] },
  ],
  refused: [{ source: "ScaledJob d", because: ["this", "that\nkind: Secret"] }],
};

test("the YAML holds the resources and nothing else, whatever the notes say", () => {
  const values = parseAllDocuments(yamlOf(conversion)).map((document) => document.toJS() as unknown);
  expect(values.filter((value) => value !== null)).toEqual(
    conversion.converted.map(({ resource }) => resource),
  );
  expect(yamlOf(conversion)).toContain("# ScaledObject a/b\n# chosen: spec.x: one kind: Secret two three\n");
  expect(yamlOf(conversion)).toContain("---\n# ScaledJob d: not converted: this; that kind: Secret\n");
});

test("every note and every refusal has a line of its own", () => {
  expect(messagesOf(conversion)).toEqual([
    "ScaledObject a/b: chosen: spec.x: one kind: Secret two three",
    "ScaledJob d: not converted: this; that kind: Secret",
  ]);
});
