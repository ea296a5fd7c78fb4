import type { FastifyInstance } from "fastify";
import type { OperatorPageOptions } from "../../src/console/operator-page.ts";
import { operatorPage } from "../../src/console/operator-page.ts";
import type { Autoscaler } from "../../src/operator/autoscaler.ts";
import { buildOperatorServer } from "../../src/operator/http-server.ts";
import type { OperatorFeed } from "../../src/operator/operator-feed.ts";
import { OperatorScenario, type ScenarioOptions } from "./operator-scenario.ts";

/** The page of an operator in memory, with all of its routes, and the switches that a test turns. */
export class ServedPage {
  readonly scenario: OperatorScenario;
  readonly server: FastifyInstance;
  isFollower = false;
  leader: string | undefined;
  notes: readonly string[] = [];
  /** Beside those of the scenario. */
  others: readonly Autoscaler[] = [];

  constructor(options: ScenarioOptions = {}, page: OperatorPageOptions = {}) {
    this.scenario = new OperatorScenario(options);
    const feed: OperatorFeed = {
      autoscalers: () => (this.isFollower ? [] : [...this.scenario.operator.autoscalers, ...this.others]),
      isFollower: () => this.isFollower,
      leader: () => this.leader,
      notes: () => this.notes,
      version: "1.2.3",
      cycleSeconds: 2,
      nowMs: this.scenario.clock.read,
    };
    this.server = buildOperatorServer({
      autoscalers: feed.autoscalers,
      registry: this.scenario.registry,
      notReadyBecause: () => undefined,
      page: operatorPage(feed, page),
    });
  }

  /** Listens, with an operator that has looked at its autoscaler. Answers with the address. */
  async start(): Promise<string> {
    await this.scenario.operator.restore();
    await this.scenario.walk(4);
    return this.server.listen({ host: "127.0.0.1", port: 0 });
  }
}
