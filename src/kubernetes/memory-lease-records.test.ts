import { leaseRecordsConformance } from "../../test/conformance/lease-records-conformance.ts";
import { MemoryLeaseRecords } from "../../test/fakes/memory-lease-records.ts";

leaseRecordsConformance("records in memory", async () => {
  const records = new MemoryLeaseRecords();
  return [records.view(), records.view()];
});
