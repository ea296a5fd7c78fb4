import { stringify } from "yaml";
import type { Conversion } from "../convert/convert.ts";

/** The resources as YAML documents; what a person should know stands above each as comments. */
export function yamlOf({ converted, refused }: Conversion): string {
  const documents = converted.map(({ source, resource, notes }) => {
    const comments = [source, ...notes.map(({ kind, field, message }) => `${kind}: ${field}: ${message}`)];
    return `${commentOf(comments)}${stringify(resource, { lineWidth: 0 })}`;
  });
  const refusals = refused.map(({ source, because }) =>
    commentOf([`${source}: not converted: ${because.join("; ")}`]),
  );
  return [...documents, ...refusals].join("---\n");
}

/** The same for standard error, a line each. */
export function messagesOf({ converted, refused }: Conversion): readonly string[] {
  return [
    ...converted.flatMap(({ source, notes }) =>
      notes.map(({ kind, field, message }) => oneLine(`${source}: ${kind}: ${field}: ${message}`)),
    ),
    ...refused.map(({ source, because }) => oneLine(`${source}: not converted: ${because.join("; ")}`)),
  ];
}

const commentOf = (lines: readonly string[]): string => lines.map((line) => `# ${oneLine(line)}\n`).join("");

/** Names and expressions come from elsewhere: one with a line break in it must not end a comment. */
const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ");
