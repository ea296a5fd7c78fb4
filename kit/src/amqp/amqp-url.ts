/** What is wrong with an AMQP URL, at most one line. The URL is not shown: it holds a password. */
export function problemsOfAmqpUrl(name: string, url: string): readonly string[] {
  const parsed = URL.parse(url);
  const isAmqp = parsed !== null && ["amqp:", "amqps:"].includes(parsed.protocol);
  return isAmqp ? [] : [`${name}: expected amqp://user:password@host:port/vhost`];
}

/** As AMQP clients read it: no path, or an empty one, is the vhost `/`. */
export function vhostOf(amqpUrl: string): string {
  const path = URL.parse(amqpUrl)?.pathname ?? "";
  return path.length <= 1 ? "/" : decodeURIComponent(path.slice(1));
}
