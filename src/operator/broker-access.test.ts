import { describe, expect, test } from "vitest";
import { autoscalerResource } from "../../test/fakes/operator-scenario.ts";
import { type BrokerAccess, brokerRefusal } from "./broker-access.ts";

const resource = (namespace: string, ...vhosts: readonly string[]) => {
  const queues = vhosts.map((vhost) => ({ name: "jobs", vhost }));
  const made = autoscalerResource({ queues, broker: "main" });
  return { ...made, metadata: { ...made.metadata, namespace } };
};
const refusalOf = (access: BrokerAccess, namespace: string, ...vhosts: readonly string[]) =>
  brokerRefusal(resource(namespace, ...vhosts), new Map([["main", access]]));

test("without a list every broker is everybody's", () => {
  expect(brokerRefusal(resource("any", "/"), undefined)).toBeUndefined();
});

test("a broker that the operator does not know is named, with those that it knows", () => {
  expect(
    brokerRefusal(
      resource("any", "/"),
      new Map([
        ["east", {}],
        ["west", {}],
      ]),
    ),
  ).toEqual({
    reason: "BrokerUnknown",
    message:
      "The operator knows no broker main; it knows east, west. Correct spec.broker, or add the broker to the operator's configuration.",
  });
  const many = new Map(Array.from({ length: 12 }, (_one, index) => [`b${index}`, {}]));
  expect(brokerRefusal(resource("any", "/"), many)?.message).toContain("b9 and 2 more");
  expect(brokerRefusal(resource("any", "/"), new Map())?.message).toContain("it knows none");
});

describe("a broker with allowed namespaces and vhosts", () => {
  const access = { allowedNamespaces: ["shop", "team-*"], allowedVhosts: ["/", "prod-*"] };
  test.each([["shop"], ["team-a"], ["team-"]])("may be used from %s", (namespace) => {
    expect(refusalOf(access, namespace, "/", "prod-1")).toBeUndefined();
  });
  test.each([["shop2"], ["team"], ["other"]])("may not be used from %s", (namespace) => {
    expect(refusalOf(access, namespace, "/")).toEqual({
      reason: "BrokerNotAllowed",
      message: expect.stringContaining(`may not be used from namespace ${namespace}. Ask for`),
    });
  });
  test("names each vhost that it may not read", () => {
    expect(refusalOf(access, "shop", "/", "dev", "test")).toEqual({
      reason: "BrokerNotAllowed",
      message: expect.stringContaining("Vhost dev, test of broker main may not be read."),
    });
  });
  test("with an empty list nobody may", () => {
    expect(refusalOf({ allowedNamespaces: [] }, "shop", "/")?.reason).toBe("BrokerNotAllowed");
  });
});
