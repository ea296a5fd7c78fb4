import { expect, test } from "vitest";
import { alerts, testAlert } from "./promtool.ts";
import { healthy, inputSeries, QUEUE, SUBJECT } from "./worlds.ts";

const alert = "MillraceBacklogWaitHigh";
const odd: Readonly<Record<string, string>> = {
  "a quote and a brace": 'x"} or vector(1) #',
  markup: "<img src=x onerror=alert(1)>",
  "a template": "{{ $value }}{{ .Labels }}",
  slashes: "a/../b//c\\d",
  "what an address is made of": "a&var-queue=b?c#d%41+e f;g",
  "letters of the world": "черга-队列-🐇",
  "250 characters": "q".repeat(250),
};

/** As Prometheus' `urlquery` writes it. */
const encoded = (text: string): string =>
  encodeURIComponent(text)
    .replaceAll("%20", "+")
    .replaceAll(/[!'()*]/g, (char) => `%${char.codePointAt(0)?.toString(16).toUpperCase()}`);

test.each(Object.entries(odd))(
  "names with %s stay what they are in labels, texts and links",
  async (_what, name) => {
    const labels = { ...SUBJECT, ...QUEUE, autoscaler: name, queue: name };
    const text = JSON.stringify(name).slice(1, -1);
    const series = inputSeries(
      { ...healthy, millrace_queue_messages_ready: { gauge: 900 } },
      { steps: 40, stepMinutes: 1 },
    ).map((one) => ({
      ...one,
      series: one.series
        .replaceAll(`"${SUBJECT.autoscaler}"`, `"${text}"`)
        .replaceAll(`"${QUEUE.queue}"`, `"${text}"`),
    }));
    const complaint = await testAlert(
      { series, stepMinutes: 1, alert },
      {
        atMinute: 30,
        labels: { severity: "warning", ...labels },
        annotations: {
          summary: "Jobs wait longer than promised.",
          description: `Queue ${name} (shop/${name}): a job that is published now waits about 1m 30s, which is longer than promised.`,
          runbook_url: `docs/runbooks/${alert}.md`,
          dashboard_url: `/d/millrace-autoscaler?var-namespace=shop&var-autoscaler=${encoded(name)}&var-queue=${encoded(name)}`,
        },
      },
    );
    expect(complaint).toBe("");
  },
);

test("every link encodes every name in it", () => {
  for (const { alert: name, annotations } of alerts) {
    const names = annotations["dashboard_url"]?.match(/\{\{[^}]*\}\}/g) ?? [];
    for (const one of names) expect(one, name).toMatch(/^\{\{ \$labels\.\w+ \| urlquery \}\}$/);
  }
});
