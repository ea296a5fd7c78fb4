import { z } from "zod";

/**
 * Files in Grafana's provisioning folders, as its documentation has them ("Provision Grafana": data sources, dashboards).
 * Grafana itself passes over a misspelt key in silence.
 */

const jsonData = z.strictObject({
  httpMethod: z.enum(["GET", "POST"]),
  /** Least step of a query: how often Prometheus scrapes. */
  timeInterval: z.string().regex(/^\d+(ms|s|m)$/),
  manageAlerts: z.boolean().optional(),
  prometheusType: z.enum(["Prometheus", "Cortex", "Mimir", "Thanos"]).optional(),
  prometheusVersion: z.string().optional(),
  cacheLevel: z.enum(["Low", "Medium", "High", "None"]).optional(),
});

export const datasources = z.strictObject({
  apiVersion: z.literal(1),
  prune: z.boolean().optional(),
  deleteDatasources: z.array(z.strictObject({ name: z.string(), orgId: z.int().optional() })).optional(),
  datasources: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        type: z.literal("prometheus"),
        access: z.enum(["proxy", "direct"]),
        orgId: z.int().positive().optional(),
        /** At most 40 letters, digits, - and _. */
        uid: z.string().regex(/^[\w-]{1,40}$/),
        url: z.url(),
        user: z.string().optional(),
        basicAuth: z.boolean().optional(),
        basicAuthUser: z.string().optional(),
        withCredentials: z.boolean().optional(),
        isDefault: z.boolean().optional(),
        jsonData,
        secureJsonData: z.record(z.string(), z.string()).optional(),
        version: z.int().optional(),
        editable: z.boolean().optional(),
      }),
    )
    .min(1),
});

export const dashboardProviders = z.strictObject({
  apiVersion: z.literal(1),
  providers: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        orgId: z.int().positive().optional(),
        folder: z.string().optional(),
        folderUid: z.string().optional(),
        type: z.literal("file"),
        disableDeletion: z.boolean().optional(),
        /** Looked at once and watched where this is 10 or less, else every so many seconds. */
        updateIntervalSeconds: z.int().positive().optional(),
        allowUiUpdates: z.boolean().optional(),
        options: z.strictObject({
          path: z.string().startsWith("/"),
          foldersFromFilesStructure: z.boolean().optional(),
        }),
      }),
    )
    .min(1),
});
