/** A resource type as the API server serves it. `group` is empty for the core group. */
export type ApiResource = { readonly group: string; readonly version: string; readonly plural: string };

/** One object, a subresource of it, or, without a name, all objects of a namespace or of the cluster. */
export type ApiPath = {
  readonly resource: ApiResource;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
};

/** `/apis/apps/v1/namespaces/shop/deployments/worker/scale`. */
export const urlPath = ({ resource, namespace, name, subresource }: ApiPath): string => {
  const { group, version, plural } = resource;
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  return [
    root,
    ...(namespace === undefined ? [] : ["namespaces", encodeURIComponent(namespace)]),
    plural,
    ...(name === undefined ? [] : [encodeURIComponent(name)]),
    ...(subresource === undefined ? [] : [subresource]),
  ].join("/");
};

/** As a role names it: `deployments/scale in API group apps`. */
export const qualifiedResource = ({ resource, subresource }: ApiPath): string => {
  const plural = subresource === undefined ? resource.plural : `${resource.plural}/${subresource}`;
  return resource.group === "" ? plural : `${plural} in API group ${resource.group}`;
};

/** For people: `deployments/scale shop/worker`. */
export const describePath = ({ resource, namespace, name, subresource }: ApiPath): string => {
  const plural = subresource === undefined ? resource.plural : `${resource.plural}/${subresource}`;
  const object = [namespace, name].filter((part) => part !== undefined).join("/");
  return object === "" ? plural : `${plural} ${object}`;
};
