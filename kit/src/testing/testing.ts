export { startInMemory, type InMemoryOptions, type InMemoryRun } from "./start-in-memory.ts";
