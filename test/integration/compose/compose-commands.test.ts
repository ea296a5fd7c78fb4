import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { queryExemplars } from "../dashboards/prometheus-api.ts";
import { type ComposeStage, composeStage, type OwnService } from "./compose-stage.ts";

const letter = { to: "a@example.com", from: "b@example.com", subject: "Hello", content: "you" };

describe("the programs of compose.yaml, without containers", () => {
  let stage: ComposeStage;
  beforeAll(async () => {
    stage = await composeStage();
  });
  afterAll(() => stage.stop());

  const submit = async (type: string, payload: object): Promise<string> => {
    const response = await fetch(`${stage.gatewayUrl}/v1/jobs/${type}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(payload),
    });
    expect(response.status).toBe(202);
    return ((await response.json()) as { id: string }).id;
  };
  const statusOf = async (id: string): Promise<string> => {
    const response = await fetch(`${stage.gatewayUrl}/v1/jobs/${id}`);
    return ((await response.json()) as { status: string }).status;
  };

  test.each<OwnService>(["operator", "gateway", "worker"])(
    "takes its command and environment, and becomes healthy by its own check: %s",
    async (name) => {
      expect(await stage.isHealthy(name)).toBe(false);
      await stage.start(name);
      expect(await stage.isHealthy(name)).toBe(true);
    },
  );

  test("a job that sleeps is run by a worker that the operator starts for it", async () => {
    const id = await submit("sleep", { seconds: 0.1 });
    await expect.poll(() => statusOf(id), { timeout: 20_000 }).toBe("succeeded");
  });

  test("an email job is sent by the worker to where mails are shown", async () => {
    await submit("email", letter);
    expect((await stage.mail.mailWith((source) => source.includes("Subject: Hello"))).to).toEqual([
      "a@example.com",
    ]);
  });

  test("Prometheus reaches them all, the workers that come and go too, and has the rules", async () => {
    type Target = { readonly labels: { readonly job: string }; readonly health: string };
    const targets = async (): Promise<readonly string[]> => {
      const response = await fetch(`${stage.prometheusUrl}/api/v1/targets`);
      const { data } = (await response.json()) as { data: { activeTargets: readonly Target[] } };
      return data.activeTargets.map(({ labels, health }) => `${labels.job} ${health}`).sort();
    };
    // Keeps a worker there while it is scraped.
    await submit("sleep", { seconds: 15 });
    await expect
      .poll(targets, { timeout: 30_000 })
      .toEqual(expect.arrayContaining(["gateway up", "operator up", "worker up", "workers up"]));
    const rules = await fetch(`${stage.prometheusUrl}/api/v1/rules`);
    const { data } = (await rules.json()) as { data: { groups: readonly object[] } };
    expect(data.groups.length).toBeGreaterThan(3);
  });

  test("Prometheus keeps a job's exemplar", async () => {
    const id = await submit("email", letter);
    const range = { from: Date.now() / 1_000 - 60, to: Date.now() / 1_000 + 600 };
    const jobs = () => queryExemplars(stage.prometheusUrl, "worker_job_wait_seconds_bucket", range);
    await expect
      .poll(jobs, { timeout: 30_000 })
      .toEqual(expect.arrayContaining([expect.objectContaining({ job_id: id })]));
  });
});
