import { expect, test } from "vitest";
import { prefersOpenMetrics } from "./open-metrics.ts";

const prometheus2 =
  "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
const prometheus3 =
  "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";

test.each([
  [prometheus2, true],
  [prometheus3, true],
  ["application/openmetrics-text", true],
  ["text/plain;version=0.0.4;q=0.6, application/openmetrics-text;q=0.5", false],
  ["application/openmetrics-text;q=0, text/plain;q=0.5", false],
  ["application/openmetrics-text;q=0", false],
  ["text/plain", false],
  ["*/*", false],
  ["", false],
  [undefined, false],
])("who accepts %s is given OpenMetrics: %s", (accept, isGiven) => {
  expect(prefersOpenMetrics(accept)).toBe(isGiven);
});
