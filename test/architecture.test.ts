import { readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

type Room = {
  /** Other rooms it may import from. */
  readonly rooms: readonly string[];
  /** Rooms of which it may import `ports.ts` and nothing else: it implements them. */
  readonly implements?: readonly string[];
  /** npm packages it may import; "node:" stands for Node's own modules. */
  readonly packages: readonly string[];
};

/** Who may import whom (design of the house). Everything not listed is forbidden. */
const house: Readonly<Record<string, Room>> = {
  "kit/src": {
    rooms: ["kit/src/job", "kit/src/amqp", "kit/src/worker", "kit/src/client"],
    packages: ["prom-client"],
  },
  "kit/src/job": { rooms: ["kit/src"], packages: ["zod"] },
  "kit/src/amqp": { rooms: ["kit/src", "kit/src/job"], packages: ["amqplib", "node:"] },
  "kit/src/worker": {
    rooms: ["kit/src", "kit/src/job", "kit/src/amqp"],
    packages: ["prom-client", "zod", "node:"],
  },
  "kit/src/client": { rooms: ["kit/src", "kit/src/job", "kit/src/amqp"], packages: ["zod", "node:"] },
  "kit/src/testing": { rooms: ["kit/src", "kit/src/job", "kit/src/worker"], packages: ["zod", "node:"] },
  "src/control": { rooms: [], packages: [] },
  "src/resource": { rooms: ["src/control"], packages: ["zod"] },
  "src/convert": { rooms: ["src/resource"], packages: ["zod"] },
  "src/operator": {
    rooms: ["kit/src", "src/control", "src/resource"],
    packages: ["fastify", "pino", "prom-client", "yaml", "zod", "node:"],
  },
  "src/store": {
    rooms: ["kit/src", "kit/src/job"],
    implements: ["src/gateway"],
    packages: ["kysely", "pg", "node:"],
  },
  "src/gateway": {
    rooms: ["kit/src", "kit/src/job", "kit/src/amqp"],
    packages: ["fastify", "pino", "prom-client", "zod", "node:"],
  },
  // It reads what the operator knows; operator and gateway take its routes from cli and know nothing of it.
  "src/console": {
    rooms: ["src/control", "src/resource", "src/operator"],
    packages: ["fastify", "uplot", "node:"],
  },
  "src/jobs": { rooms: ["kit/src", "kit/src/job"], packages: ["nodemailer", "zod", "node:"] },
  "src/processes": {
    rooms: ["kit/src"],
    implements: ["src/operator"],
    packages: ["prom-client", "zod", "node:"],
  },
  "src/credentials": { rooms: ["kit/src"], packages: ["undici", "zod", "node:"] },
  "src/prometheus": {
    rooms: ["kit/src", "kit/src/worker", "src/credentials"],
    implements: ["src/operator"],
    packages: ["zod", "node:"],
  },
  "src/rabbitmq": {
    rooms: ["kit/src", "kit/src/amqp", "src/credentials"],
    implements: ["src/operator"],
    packages: ["zod", "node:"],
  },
  "src/kubernetes": {
    rooms: ["kit/src", "src/control", "src/resource"],
    implements: ["src/operator"],
    packages: ["@kubernetes/client-node", "prom-client", "zod", "node:"],
  },
  "src/cli": {
    rooms: [
      "kit/src",
      "kit/src/job",
      "kit/src/amqp",
      "kit/src/worker",
      "kit/src/client",
      "src/control",
      "src/resource",
      "src/convert",
      "src/operator",
      "src/gateway",
      "src/console",
      "src/store",
      "src/jobs",
      "src/processes",
      "src/prometheus",
      "src/rabbitmq",
      "src/kubernetes",
    ],
    packages: ["commander", "nodemailer", "pino", "prom-client", "yaml", "node:"],
  },
};

/** The room of a file: src/<folder> or kit/src/<folder>; files right under kit/src belong to the room kit/src. */
const roomOf = (file: string): string => {
  const parts = file.split("/");
  const depth = parts[0] === "kit" ? 3 : 2;
  return parts.length > depth ? parts.slice(0, depth).join("/") : parts.slice(0, depth - 1).join("/");
};

const sourceFiles = ["src", "kit/src"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => `${folder}/${file}`),
);

const specifiers = (code: string): readonly string[] =>
  [...code.matchAll(/^(?:import|export)\b[^"'();=]*?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/gm)].map(
    (match) => match[1] ?? match[2] ?? "",
  );

const packageOf = (specifier: string): string =>
  isBuiltin(specifier)
    ? "node:"
    : specifier
        .split("/")
        .slice(0, specifier.startsWith("@") ? 2 : 1)
        .join("/");

const isTest = (file: string): boolean =>
  file.endsWith(".test.ts") || file.startsWith("src/control/testing/");

const testPackages = ["vitest", "fast-check", "node:", "zod", "prom-client"];

const mayImportPackage = (room: Room, file: string, name: string): boolean =>
  room.packages.includes(name) || (isTest(file) && testPackages.includes(name));

const mayImportFile = (room: Room, file: string, target: string): boolean => {
  const to = roomOf(target);
  if (to === roomOf(file) || room.rooms.includes(to) || isTest(file)) return true;
  return room.implements?.includes(to) === true && target === `${to}/ports.ts`;
};

/** What is wrong with one import, or undefined. `file` and the answer use paths from the root of the repository. */
const problemOf = (file: string, specifier: string): string | undefined => {
  const from = roomOf(file);
  const room = house[from];
  if (room === undefined) return `${file} is in a room that the architecture does not name`;
  if (!specifier.startsWith(".")) {
    const name = packageOf(specifier);
    return mayImportPackage(room, file, name) ? undefined : `${file} imports ${name}, which ${from} may not`;
  }
  const target = relative(root, resolve(root, dirname(file), specifier));
  return mayImportFile(room, file, target)
    ? undefined
    : `${file} imports ${target}, and ${from} may not import ${roomOf(target)}`;
};

describe("the architecture", () => {
  test("every import is one that the house allows", () => {
    const problems = sourceFiles.flatMap((file) =>
      specifiers(readFileSync(join(root, file), "utf8")).map((specifier) => problemOf(file, specifier)),
    );
    expect(problems.filter((problem) => problem !== undefined)).toEqual([]);
  });

  test("every room exists and every folder is a room", () => {
    const folders = new Set(sourceFiles.map(roomOf).filter((room) => room !== "src"));
    expect([...folders].toSorted()).toEqual(Object.keys(house).toSorted());
  });

  test("finds a planted violation, so that an empty list of problems means something", () => {
    expect(
      specifiers(
        'import { x } from "../operator/cycle.ts";\nexport {\n  y,\n} from "amqplib";\nawait import("./z.ts");',
      ),
    ).toEqual(["../operator/cycle.ts", "amqplib", "./z.ts"]);
    expect(problemOf("src/control/step.ts", "../operator/cycle.ts")).toContain("may not import src/operator");
    expect(problemOf("src/gateway/server.ts", "amqplib")).toContain("may not");
    expect(problemOf("src/control/step.ts", "node:fs")).toContain("may not");
    expect(problemOf("src/store/rows.ts", "../gateway/sweeper.ts")).toContain("may not import src/gateway");
    expect(problemOf("src/store/rows.ts", "../gateway/ports.ts")).toBeUndefined();
    expect(problemOf("src/utils/x.ts", "./y.ts")).toContain("does not name");
    expect(problemOf("src/control/step.ts", "./policy/search.ts")).toBeUndefined();
  });
});
