/** @typedef {{ readonly name: string, readonly data: string }} StreamEvent */

/**
 * The events of a `text/event-stream`, as they come. Comments, ids and retry times are passed over.
 * @param {ReadableStream<Uint8Array<ArrayBuffer>>} body
 * @returns {AsyncGenerator<StreamEvent, void, void>}
 */
export async function* readEvents(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const frames = (rest + value).split(/\r?\n\r?\n/);
      rest = frames.pop() ?? "";
      yield* frames.map(eventOf).filter((event) => event.data !== "");
    }
  } finally {
    await reader.cancel().catch(() => {}); // the connection may be gone already
  }
}

/**
 * @param {string} frame
 * @returns {StreamEvent}
 */
function eventOf(frame) {
  const fields = frame.split(/\r?\n/).map((line) => {
    const at = line.indexOf(":");
    return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 1).replace(/^ /, "")];
  });
  return {
    name: fields.find(([field]) => field === "event")?.[1] ?? "message",
    data: fields
      .filter(([field]) => field === "data")
      .map(([, text]) => text)
      .join("\n"),
  };
}
