/** Addresses inside the cluster with nodes. Nothing outside the machine sees them. */
export const network = {
  bridge: "mrc0",
  /** Of the bridge, the node and its API server: pods reach the machine here, and it reaches them. */
  bridgeAddress: "10.244.0.1",
  pods: "10.244.0.0/24",
  services: "10.96.0.0/24",
  firstService: "10.96.0.1",
  dns: "10.96.0.10",
} as const;
