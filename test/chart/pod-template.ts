import { smallest } from "./configurations.ts";
import { find, type Manifest, type Values } from "./render-chart.ts";

type Container = {
  readonly image: string;
  readonly args?: readonly string[];
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly secretKeyRef: { readonly name: string; readonly key: string } };
  }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
};

type Volume = {
  readonly name: string;
  readonly emptyDir?: object;
  readonly persistentVolumeClaim?: { readonly claimName: string };
  readonly configMap?: { readonly name: string; readonly items?: readonly { readonly key: string }[] };
  readonly projected?: { readonly sources: readonly { readonly configMap: { readonly name: string } }[] };
};

type PodTemplate = {
  readonly metadata: Manifest["metadata"];
  readonly spec: {
    readonly containers: readonly [Container];
    readonly volumes: readonly Volume[];
    readonly securityContext: object;
  };
};

/** The pods of a component's Deployment. */
export const podTemplate = (manifests: readonly Manifest[], component: string): PodTemplate => {
  const { spec } = find(manifests, "Deployment", `-${component}`) as Manifest & {
    readonly spec: { readonly template: PodTemplate };
  };
  return spec.template;
};

export const withStack = (stack: Values, values: Values = {}): Values => ({
  ...smallest,
  ...values,
  stack: { enabled: true, ...stack },
});
