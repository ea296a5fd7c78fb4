import type { ClusterAccess } from "../../src/kubernetes/cluster-access.ts";

/** The same cluster at another address, such as a proxy's: its certificate is for the same host. */
export const accessThrough = (access: ClusterAccess, port: number): ClusterAccess => {
  const server = new URL(access.server);
  server.port = String(port);
  return { ...access, server: server.origin };
};

/** The same cluster as another user, who has no rights but those the test gives. */
export const accessAs = (access: ClusterAccess, user: string): ClusterAccess => ({
  ...access,
  credentials: async () => {
    const credentials = await access.credentials();
    return { ...credentials, headers: { ...credentials.headers, "impersonate-user": user } };
  },
});
