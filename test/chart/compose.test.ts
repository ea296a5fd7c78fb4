import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { programs } from "../../scripts/programs.mjs";
import { promtools } from "../rules/promtool.ts";
import { composeFile, readText, repository } from "./compose-file.ts";
import { dashboardProviders, datasources } from "./grafana-provisioning.ts";

const { services, volumes } = composeFile();
const directory = mkdtempSync(join(tmpdir(), "millrace-compose-"));
afterAll(() => rmSync(directory, { recursive: true }));

const write = (name: string, text: string): string => {
  const file = join(directory, name);
  writeFileSync(file, text);
  return file;
};
const run = (program: "amtool" | "compose", ...args: readonly string[]) => {
  const path = programs[program].find(process.env);
  if (path === undefined) throw new Error(`${programs[program].title} is missing: npm test installs it`);
  return spawnSync(path, args, { encoding: "utf8", cwd: repository });
};

type Mount = { readonly service: string; readonly source: string; readonly target: string };
const mounts = Object.entries(services).flatMap(([service, { volumes: own = [] }]) =>
  own.map((text): Mount => {
    const [source = "", target = ""] = text.split(":");
    return { service, source, target };
  }),
);
/** What this path of a container is in the repository. */
const mounted = (service: string, path: string): string => {
  const found = mounts.find((one) => one.service === service && path.startsWith(one.target));
  return found === undefined ? "" : path.replace(found.target, found.source);
};

describe("compose.yaml", () => {
  test("is right for Docker Compose", () => {
    const { status, stdout, stderr } = run("compose", "-f", "compose.yaml", "config");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const resolved = parse(stdout) as { services: object };
    expect(Object.keys(resolved.services).sort()).toEqual(Object.keys(services).sort());
  });

  test("is refused by it where it is wrong", () => {
    const wrong = write("wrong.yaml", readText("compose.yaml").replace("healthcheck:", "health:"));
    const { status, stderr } = run("compose", "-f", wrong, "config");
    expect(status).not.toBe(0);
    expect(stderr).toContain("health");
  });

  test("has each part, with a version and a health check", () => {
    const parts = ["rabbitmq", "postgres", "prometheus", "alertmanager", "grafana"];
    expect(Object.keys(services)).toEqual(
      expect.arrayContaining([...parts, "gateway", "worker", "operator"]),
    );
    for (const [name, { image, healthcheck }] of Object.entries(services)) {
      expect.soft(image, name).toMatch(/:v?\d+\.\d+[\w.-]*$/);
      expect.soft(healthcheck.test[0], name).toBe("CMD");
    }
    const { version } = JSON.parse(readText("package.json")) as { version: string };
    for (const name of ["gateway", "worker", "operator"])
      expect(services[name]?.image).toBe(`millrace/millrace:${version}`);
  });

  test("lets only this machine in, at ports of its own for each part", () => {
    const published = Object.values(services).flatMap(({ ports = [] }) => ports);
    expect(published.length).toBeGreaterThan(7);
    for (const port of published) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
    const own = published.map((port) => port.split(":")[1]);
    expect(new Set(own).size).toBe(own.length);
  });

  test("waits until what a part needs is healthy", () => {
    const conditions = Object.values(services).flatMap(({ depends_on: needs = {} }) =>
      Object.values(needs).map(({ condition }) => condition),
    );
    expect(conditions.length).toBeGreaterThan(3);
    expect(new Set(conditions)).toEqual(new Set(["service_healthy"]));
  });

  test("mounts files that are there, and volumes that it names", () => {
    for (const { service, source } of mounts) {
      if (source.startsWith("./")) expect.soft(existsSync(join(repository, source)), source).toBe(true);
      else expect.soft(Object.keys(volumes), `${service}: ${source}`).toContain(source);
    }
    const used = new Set(mounts.map(({ source }) => source).filter((source) => !source.startsWith("./")));
    expect(used).toEqual(new Set(Object.keys(volumes)));
  });

  test("has the same versions as the chart's stack", () => {
    const { stack } = parse(readText("charts/millrace/values.yaml")) as {
      stack: Readonly<Record<string, { image?: { repository: string; tag: string } }>>;
    };
    for (const part of ["prometheus", "alertmanager", "grafana", "rabbitmq"]) {
      const { repository: name = "", tag = "" } = stack[part]?.image ?? {};
      expect(services[part]?.image).toBe(`${name.replace(/^library\//, "")}:${tag}`);
    }
  });

  test("gives the image's user the folder that the operator writes to", () => {
    const user = /^USER (\d+):(\d+)$/m.exec(readText("Dockerfile"));
    const { driver_opts: options } = volumes["operator"] as { driver_opts: { o: string } };
    expect(options.o).toContain(`uid=${user?.[1]},gid=${user?.[2]}`);
  });
});

describe("the configurations of compose.yaml", () => {
  test("Prometheus' is right for promtool, with the rules of manifests, whose links are whole", () => {
    const own = readText(mounted("prometheus", "/etc/prometheus/prometheus.yml"));
    const rules = mounted("prometheus", "/etc/prometheus/rules");
    const file = write("prometheus.yml", own.replace("/etc/prometheus/rules", join(repository, rules)));
    for (const promtool of promtools) {
      const { status, stdout, stderr } = spawnSync(promtool, ["check", "config", file], { encoding: "utf8" });
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(stdout).toMatch(/SUCCESS: 2 rule files found/);
    }
    const urls = (name: string): readonly string[] => {
      const found = readText(`${rules}/alerts.yaml`).matchAll(new RegExp(`${name}: "?(\\S+)`, "g"));
      return [...found].map(([, url = ""]) => url);
    };
    const alerts = readText("manifests/rules/alerts.yaml").match(/- alert:/g) ?? [];
    for (const [name, service, path] of [
      ["runbook_url", "operator", "docs/runbooks/Millrace"],
      ["dashboard_url", "grafana", "d/millrace-"],
    ] as const) {
      const [address, port] = services[service]?.ports?.[0]?.split(":") ?? [];
      expect(address).toBe("127.0.0.1");
      const whole = urls(name).filter((url) => url.startsWith(`http://localhost:${port}/${path}`));
      expect(whole).toHaveLength(alerts.length);
    }
  });

  test("Prometheus scrapes services at ports where they listen, and tells Alertmanager", () => {
    const config = parse(readText("compose/prometheus.yml")) as {
      scrape_configs: {
        job_name: string;
        honor_labels?: boolean;
        static_configs?: { targets: string[] }[];
      }[];
      alerting: { alertmanagers: { static_configs: { targets: string[] }[] }[] };
    };
    const targets = [...config.scrape_configs, ...config.alerting.alertmanagers]
      .flatMap(({ static_configs: fixed = [] }) => fixed)
      .flatMap(({ targets: own }) => own);
    const health = Object.entries(services).map(([name, { healthcheck }]) => {
      const [port = ""] = /(?<=127\.0\.0\.1:)\d+/.exec(healthcheck.test.join(" ")) ?? [];
      return `${name}:${port}`;
    });
    expect(targets).toHaveLength(4);
    expect(health).toEqual(expect.arrayContaining(targets));
    expect(config.scrape_configs.find((job) => job.job_name === "operator")?.honor_labels).toBe(true);
  });

  test("Prometheus finds the operator's workers where the operator writes them", () => {
    const [folder = ""] =
      /(?<=--discovery-dir=)\S+/.exec(services["operator"]?.command?.join(" ") ?? "") ?? [];
    const shared = mounted("operator", folder);
    const [files = ""] = /\/operator\/[^"]+/.exec(readText("compose/prometheus.yml")) ?? [];
    expect(mounted("prometheus", files)).toBe(`${shared}/*.json`);
  });

  test("Alertmanager's is right for amtool, with the routes of the example, and its mails arrive", () => {
    const path = mounted("alertmanager", "/etc/alertmanager/alertmanager.yml");
    expect(run("amtool", "check-config", path)).toMatchObject({ status: 0 });
    type Config = { global: { smtp_smarthost: string }; route: object; inhibit_rules: object };
    const own = parse(readText(path)) as Config;
    const example = parse(readText("manifests/alertmanager/alertmanager.yaml")) as Config;
    expect(own).toMatchObject({ route: example.route, inhibit_rules: example.inhibit_rules });
    const [host = ""] = own.global.smtp_smarthost.split(":");
    expect(services["worker"]?.environment?.["SMTP_URL"]).toBe(`smtp://${own.global.smtp_smarthost}`);
    expect(Object.keys(services)).toContain(host);
  });

  test("Grafana's are right by the documented schema, and lead to Prometheus and to the dashboards", () => {
    const provisioning = "/etc/grafana/provisioning";
    const source = mounted("grafana", `${provisioning}/datasources/millrace.yaml`);
    const { datasources: sources } = datasources.parse(parse(readText(source)));
    expect(sources).toMatchObject([{ uid: "prometheus", url: "http://prometheus:9090" }]);
    const provider = mounted("grafana", `${provisioning}/dashboards/millrace.yaml`);
    const { providers } = dashboardProviders.parse(parse(readText(provider)));
    const folder = mounted("grafana", providers[0]?.options.path ?? "");
    const home = services["grafana"]?.environment?.["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"] ?? "";
    expect(mounted("grafana", home)).toBe(`${folder}/overview.json`);
    expect(existsSync(join(repository, folder, "overview.json"))).toBe(true);
  });
});
