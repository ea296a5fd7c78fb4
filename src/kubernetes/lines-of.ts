import { StringDecoder } from "node:string_decoder";

/** etcd stores nothing larger than 1.5 MB; managed fields and both spellings of a value make it grow on the wire. */
const maxLineCharacters = 16 * 1024 * 1024;

/** The lines of a stream of bytes, without empty ones. `onBytes` is called for every piece that arrives. */
export async function* linesOf(
  stream: AsyncIterable<Buffer>,
  onBytes: () => void,
): AsyncGenerator<string, void> {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  for await (const chunk of stream) {
    onBytes();
    const lines = (rest + decoder.write(chunk)).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > maxLineCharacters)
      throw new Error(`a line of more than ${maxLineCharacters} characters`);
    for (const line of lines) if (line !== "") yield line;
  }
}
