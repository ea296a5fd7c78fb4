import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { rightText } from "./chart-role.ts";

type Entry = {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly resource?: string;
    readonly apiGroup?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number };
};

/** What one user asked of the API server. */
export type Requests = {
  /** Each verb on a resource that was allowed, as `rightText` writes it. */
  readonly used: ReadonlySet<string>;
  /** Those that were answered 403. */
  readonly refused: readonly string[];
};

/** The API server's own account of every request of a service account. */
export class AuditLog {
  readonly #file: string;
  readonly #policy: string;

  constructor(directory: string) {
    this.#file = join(directory, "audit.log");
    this.#policy = join(directory, "audit-policy.json");
  }

  /** Writes the policy; the answer goes to the API server. */
  async flags(): Promise<readonly string[]> {
    const rules = [{ level: "Metadata", userGroups: ["system:serviceaccounts"] }, { level: "None" }];
    const policy = { apiVersion: "audit.k8s.io/v1", kind: "Policy", omitStages: ["RequestReceived"], rules };
    await writeFile(this.#policy, JSON.stringify(policy));
    return [`--audit-policy-file=${this.#policy}`, `--audit-log-path=${this.#file}`];
  }

  async requestsOf(username: string): Promise<Requests> {
    // The last line is empty, or is just being written.
    const lines = (await readFile(this.#file, "utf8")).split("\n").slice(0, -1);
    const entries = lines.map((line) => JSON.parse(line) as Entry);
    const own = entries.filter(
      ({ user, objectRef }) => user.username === username && objectRef !== undefined,
    );
    const isRefused = ({ responseStatus }: Entry) => responseStatus?.code === 403;
    return {
      used: new Set(own.filter((entry) => !isRefused(entry)).map(textOf)),
      refused: own.filter(isRefused).map(textOf),
    };
  }
}

const textOf = ({ verb, objectRef: { apiGroup = "", resource = "", subresource } = {} }: Entry): string =>
  rightText({
    verb,
    group: apiGroup,
    resource: subresource === undefined ? resource : `${resource}/${subresource}`,
  });
