/** A place in a text where Grafana puts a value: `$name`, `${name}` or `${name.path:format}`. */
export type Reference = { readonly name: string; readonly path?: string; readonly format?: string };

const REFERENCE = /\$\{(?<braced>\w+)(?:\.(?<path>[^:}]+))?(?::(?<format>[^}]+))?\}|\$(?<plain>\w+)/g;

/** Puts what `valueOf` says in place of each reference. */
export const interpolate = (text: string, valueOf: (reference: Reference) => string): string =>
  text.replace(REFERENCE, (...match) => {
    const groups = match.at(-1) as Readonly<Record<string, string | undefined>>;
    return valueOf({
      name: groups["braced"] ?? groups["plain"] ?? "",
      ...(groups["path"] !== undefined && { path: groups["path"] }),
      ...(groups["format"] !== undefined && { format: groups["format"] }),
    });
  });

export const referencesIn = (text: string): readonly Reference[] => {
  const found: Reference[] = [];
  interpolate(text, (reference) => {
    found.push(reference);
    return "";
  });
  return found;
};
