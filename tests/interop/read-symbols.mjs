// Reads QR symbols as the scan page does: a path of a picture a line on standard input, a JSON string or null a line on standard output.
// Usage: eid bench symbols -- node tests/interop/read-symbols.mjs
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';

const wasm = createRequire(import.meta.url).resolve('zxing-wasm/reader/zxing_reader.wasm');
await prepareZXingModule({ overrides: { wasmBinary: readFileSync(wasm) }, fireImmediately: true });
for await (const path of createInterface({ input: process.stdin })) {
  const [found] = await readBarcodes(new Uint8Array(readFileSync(path)), { formats: ['QRCode'], tryHarder: true, maxNumberOfSymbols: 1 });
  console.log(JSON.stringify(found?.text ?? null));
}
