// Types of the simulator's control API, made from the OpenAPI document of the simulator that runs (PSP_SIMULATOR_URL).
import { writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const simulator = process.env.PSP_SIMULATOR_URL ?? "http://localhost:8080";
const document = await fetch(`${simulator}/_sim/openapi/control.json`, {
  headers: { Authorization: `Bearer ${process.env.PSP_SIMULATOR_ADMIN_TOKEN ?? ""}` },
});
if (!document.ok) throw new Error(`${document.url} answered ${document.status}`);
// What has a default may be left out of a request.
const types = astToString(await openapiTS(await document.text(), { defaultNonNullable: false }));
await writeFile(new URL("src/control.d.ts", import.meta.url), types);
