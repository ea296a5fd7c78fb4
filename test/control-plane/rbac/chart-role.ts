import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ClusterClient } from "../../../src/kubernetes/cluster-client.ts";
import { find, type Manifest, renderChart, type Values } from "../../chart/render-chart.ts";
import { core } from "../fleet-harness.ts";

export type Right = { readonly verb: string; readonly group: string; readonly resource: string };
type Rule = NonNullable<Manifest["rules"]>[number];
type Binding = Manifest & {
  readonly roleRef: { readonly kind: string; readonly name: string };
  readonly subjects: readonly { readonly kind: string; readonly name: string; readonly namespace: string }[];
};

/** `patch deployments/scale.apps`. */
export const rightText = ({ verb, group, resource }: Right): string =>
  `${verb} ${resource}${group === "" ? "" : `.${group}`}`;

const rbac = (plural: string) => ({ group: "rbac.authorization.k8s.io", version: "v1", plural });
const resources: Readonly<Record<string, { group: string; version: string; plural: string }>> = {
  ServiceAccount: core("serviceaccounts"),
  Role: rbac("roles"),
  RoleBinding: rbac("rolebindings"),
  ClusterRole: rbac("clusterroles"),
  ClusterRoleBinding: rbac("clusterrolebindings"),
};

const rightsOf = (rules: readonly Rule[] = []): readonly string[] =>
  rules.flatMap(({ apiGroups, resources: names, verbs }) =>
    apiGroups.flatMap((group) =>
      names.flatMap((resource) => verbs.map((verb) => rightText({ verb, group, resource }))),
    ),
  );

/** What the chart gives the operator: its service account, and the roles that are bound to it. */
export class ChartRole {
  /** As the API server's audit log has it. */
  readonly username: string;
  /** The flags that the chart gives the operator about its namespaces and its lease. */
  readonly flags: readonly string[];
  readonly #namespace: string;
  readonly #account: string;
  readonly #objects: readonly Manifest[];

  constructor(values: Values, { helm, namespace }: { readonly helm: string; readonly namespace: string }) {
    const manifests = renderChart(values, { helm, namespace });
    const { template } = find(manifests, "Deployment", "-operator").spec as { template: { spec: PodSpec } };
    this.#namespace = namespace;
    this.#account = template.spec.serviceAccountName;
    this.username = `system:serviceaccount:${namespace}:${this.#account}`;
    this.flags = (template.spec.containers[0]?.args ?? []).filter((argument) =>
      /^--(lease-|namespaces)/.test(argument),
    );
    const bindings = manifests.filter((manifest): manifest is Binding => this.#isBound(manifest));
    const roles = manifests.filter(({ kind, metadata }) =>
      bindings.some(
        ({ roleRef, metadata: { namespace: of } }) =>
          roleRef.kind === kind && roleRef.name === metadata.name && of === metadata.namespace,
      ),
    );
    const accounts = manifests.filter(
      ({ kind, metadata }) => kind === "ServiceAccount" && metadata.name === this.#account,
    );
    this.#objects = [...accounts, ...roles, ...bindings];
  }

  /** Every right, in any namespace. */
  get granted(): ReadonlySet<string> {
    return new Set(this.#objects.flatMap(({ rules }) => rightsOf(rules)));
  }

  async install(client: ClusterClient): Promise<void> {
    for (const object of this.#objects) {
      const { kind, metadata } = object;
      const resource = resources[kind];
      if (resource === undefined) throw new Error(`a ${kind} is no part of a role`);
      await client.create(
        { resource, ...(metadata.namespace !== undefined && { namespace: metadata.namespace }) },
        object,
      );
    }
  }

  /** Writes a kubeconfig with a token of the service account, made of one with all rights. */
  async kubeconfig(client: ClusterClient, admin: string, directory: string): Promise<string> {
    const { status } = await client.create<{ status: { token: string } }>(
      {
        resource: core("serviceaccounts"),
        namespace: this.#namespace,
        name: this.#account,
        subresource: "token",
      },
      { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} },
    );
    const config = JSON.parse(await readFile(admin, "utf8")) as {
      contexts: readonly { context: { user: string } }[];
    };
    const users = [{ name: config.contexts[0]?.context.user, user: { token: status.token } }];
    const file = join(directory, `${this.#namespace}.conf`);
    await writeFile(file, JSON.stringify({ ...config, users }), { mode: 0o600 });
    return file;
  }

  /** Leaves the roles of a namespace with all that the chart gives them but these rights. */
  async lacking(client: ClusterClient, namespace: string, rights: readonly string[]): Promise<void> {
    for (const { kind, metadata, rules = [] } of this.#objects) {
      if (kind !== "Role" || metadata.namespace !== namespace) continue;
      const left = rules.flatMap((rule) => withoutRights(rule, rights));
      await client.mergePatch({ resource: rbac("roles"), namespace, name: metadata.name }, { rules: left });
    }
  }

  #isBound(manifest: Manifest): boolean {
    const { subjects } = manifest as Partial<Binding>;
    return subjects?.some(({ kind, name }) => kind === "ServiceAccount" && name === this.#account) ?? false;
  }
}

type PodSpec = {
  readonly serviceAccountName: string;
  readonly containers: readonly { readonly args: readonly string[] }[];
};

/** One rule for each resource of a rule, without the verbs that are taken away. */
const withoutRights = (rule: Rule, rights: readonly string[]): readonly Rule[] =>
  rule.resources.flatMap((resource) => {
    const [group = ""] = rule.apiGroups;
    const verbs = rule.verbs.filter((verb) => !rights.includes(rightText({ verb, group, resource })));
    return verbs.length === 0 ? [] : [{ ...rule, resources: [resource], verbs }];
  });
