/** What every listed object has; a kind's own fields are all optional, and none is checked. */
export type KubernetesObject = {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly {
      readonly uid: string;
      readonly kind: string;
      readonly name: string;
      readonly controller?: boolean;
    }[];
  };
};

export type Controller = { readonly uid: string; readonly kind: string; readonly name: string };

export const controllerOf = ({ metadata }: KubernetesObject): Controller | undefined =>
  metadata.ownerReferences?.find(({ controller }) => controller === true);

export const timeMs = (time: string | undefined): number | undefined => {
  const ms = time === undefined ? Number.NaN : Date.parse(time);
  return Number.isNaN(ms) ? undefined : ms;
};
