import { z } from "zod";

/** Building blocks of configuration files. Each message says what was expected and gives a value that would do. */

export const text = (example: string) =>
  z
    .string({
      error: ({ input }) =>
        input === undefined ? `required, for example ${example}` : `expected text, for example ${example}`,
    })
    .min(1, `expected text, for example ${example}`);

/** `protocols`, for example `amqp:`. The text is not repeated in a message: it may hold a password. */
export const address = (protocols: readonly string[], example: string) =>
  text(example).refine((value) => protocols.includes(URL.parse(value)?.protocol ?? ""), {
    error: `expected an address that starts with ${protocols.map((one) => `${one}//`).join(" or ")}, for example ${example}`,
  });

/** What is wrong with a document, a line for each problem: the path as people write it, and what to do. */
export const problemsOf = (error: z.ZodError): readonly string[] =>
  error.issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map(
          (key) => `${pathText([...issue.path, key])}: unknown key: check the spelling, or remove it`,
        )
      : [`${pathText(issue.path)}: ${issue.message}`],
  );

const pathText = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? String(part) : `${text}.${String(part)}`;
  }, "") || "the document";
