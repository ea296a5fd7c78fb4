import type { Row } from "./dashboard.ts";
import { increased, NO_OPERATOR, ofOperators, perOperator } from "./operator-series.ts";
import { bars, lines } from "./panels.ts";
import { OF_OPERATORS } from "./query.ts";

const ONLY_CLUSTER = "Only an operator on a cluster has these.";

const watched = () =>
  lines(
    {
      title: "Cluster: objects held",
      description:
        "Objects of the API server that are held in memory, by resource, and WorkerAutoscalers that cannot be read.",
      unit: "short",
      empty: ONLY_CLUSTER,
      width: 12,
    },
    [
      { expr: `sum by (resource) (millrace_watched_objects{${OF_OPERATORS}})`, legend: "{{resource}}" },
      { expr: `max (millrace_autoscalers_rejected{${OF_OPERATORS}})`, legend: "rejected" },
    ],
  );

const watchAges = () =>
  lines(
    {
      title: "Cluster: age of watches",
      description:
        "How long ago what is held of a resource was last known to be right; 0 while it is watched.",
      unit: "s",
      empty: ONLY_CLUSTER,
      width: 12,
    },
    [{ expr: `max by (resource) (millrace_watch_age_seconds{${OF_OPERATORS}})`, legend: "{{resource}}" }],
  );

const watchFailures = () =>
  bars(
    {
      title: "Cluster: lists and watches that failed",
      description: "By resource and reason. A few at a restart of the API server are nothing to worry about.",
      unit: "short",
      empty: `None failed. ${ONLY_CLUSTER}`,
      width: 12,
    },
    [
      {
        expr: increased("millrace_watch_failures_total", "resource, reason"),
        legend: "{{resource}}: {{reason}}",
      },
    ],
  );

const lease = () =>
  lines(
    {
      title: "Cluster: lease and connections",
      description: "How often this operator began to lead, and connections to the API server.",
      unit: "short",
      empty: ONLY_CLUSTER,
      width: 6,
    },
    [
      {
        expr: increased("millrace_lease_transitions_total", "instance"),
        legend: "began to lead {{instance}}",
      },
      { expr: perOperator("millrace_api_connections"), legend: "connections {{instance}}" },
    ],
  );

const victims = () =>
  bars(
    {
      title: "Cluster: chosen pods",
      description:
        "Scale-ins with chosen pods: hit (chosen and gone), miss (another ready pod went), unready, foreign (could not be chosen).",
      unit: "short",
      empty: `None was scaled in. ${ONLY_CLUSTER}`,
      width: 6,
    },
    [{ expr: increased("millrace_scale_in_victims_total", "result"), legend: "{{result}}" }],
  );

export const clusterRow = (): Row => ({
  title: "On a cluster",
  panels: [watched(), watchAges(), watchFailures(), lease(), victims()],
});

const cpu = () =>
  lines(
    {
      title: "CPU",
      description: "Cores in use. One core serves some 10,000 autoscalers.",
      unit: "short",
      empty: NO_OPERATOR,
      width: 6,
    },
    [
      {
        expr: ofOperators("rate(process_cpu_seconds_total[$__rate_interval])"),
        legend: "{{instance}}",
      },
    ],
  );

const memory = () =>
  lines(
    {
      title: "Memory",
      description: "Resident memory and the heap in use.",
      unit: "bytes",
      empty: NO_OPERATOR,
      width: 6,
    },
    [
      { expr: ofOperators("process_resident_memory_bytes"), legend: "resident {{instance}}" },
      { expr: ofOperators("nodejs_heap_size_used_bytes"), legend: "heap {{instance}}" },
    ],
  );

const loop = () =>
  lines(
    {
      title: "Event loop lag (p99)",
      description: "How late the event loop is. More than a second: the operator is short of CPU.",
      unit: "s",
      empty: NO_OPERATOR,
      width: 6,
    },
    [{ expr: ofOperators("nodejs_eventloop_lag_p99_seconds"), legend: "{{instance}}" }],
  );

const files = () =>
  lines(
    {
      title: "Open files",
      description: "File descriptors in use, connections included. Dashed: what is allowed.",
      unit: "short",
      empty: NO_OPERATOR,
      width: 6,
    },
    [
      { expr: ofOperators("process_open_fds"), legend: "{{instance}}" },
      { expr: `min (${ofOperators("process_max_fds")})`, legend: "allowed", style: "limit" },
    ],
  );

export const processRow = (): Row => ({ title: "The process", panels: [cpu(), memory(), loop(), files()] });
