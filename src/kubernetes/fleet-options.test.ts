import { expect, test } from "vitest";
import type { ClusterClient } from "./cluster-client.ts";
import { checkFleetOptions } from "./fleet-options.ts";

const client = {} as ClusterClient;

test("defaults hold, and every wrong value is named at once", () => {
  expect(checkFleetOptions({ client })).toEqual({ staleAfterMs: 30_000 });
  expect(checkFleetOptions({ client, namespaces: ["a", "b-1"], staleAfterSeconds: 5 })).toEqual({
    staleAfterMs: 5_000,
  });
  expect(() => checkFleetOptions({ client, namespaces: [], staleAfterSeconds: 4 })).toThrow(
    /namespaces: expected at least one, got none[^]*staleAfterSeconds: expected 5 to 600, got 4/,
  );
  expect(() => checkFleetOptions({ client, namespaces: ["A_b"] })).toThrow(
    /"A_b" is not the name of a namespace/,
  );
});
