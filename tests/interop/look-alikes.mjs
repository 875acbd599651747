// What the scan page's script takes for a look-alike of an official address: node look-alikes.mjs PREFIX < texts.json, one answer a line.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const chunks = [];
for await (const chunk of process.stdin) {
  chunks.push(chunk);
}

const source = join(dirname(fileURLToPath(import.meta.url)), '../../src/ShantingEId.Server/Public/web/lookalike.ts');
const built = await build({ entryPoints: [source], bundle: true, format: 'esm', write: false, logLevel: 'error' });
const { resemblesOurs } = await import('data:text/javascript;base64,' + Buffer.from(built.outputFiles[0].contents).toString('base64'));
for (const text of JSON.parse(Buffer.concat(chunks).toString('utf8'))) {
  console.log(resemblesOurs(text, process.argv[2]));
}
