// Builds the browser's part of the public pages: src/ShantingEId.Server/Public/web/*.ts into web/dist, which is committed and embedded, so
// that the server builds without Node.js. Same sources, same bytes: a test builds again and compares.
//   node build-web.mjs [FOLDER]
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const source = join(here, '../../src');
const web = join(source, 'ShantingEId.Server/Public/web');
const target = process.argv[2] ?? join(web, 'dist');
const common = {
  absWorkingDir: web, bundle: true, minify: true, format: 'iife', charset: 'utf8', legalComments: 'none', logLevel: 'warning', outdir: target,
  alias: { 'shanting-eid-verifier': join(source, 'shanting-eid-verifier/bundle/shanting-eid-verifier.js') },
  nodePaths: [join(here, 'node_modules')],
};

// Scanning works on older browsers than checking signatures, which needs big integers.
await build({ ...common, entryPoints: ['scan.ts'], target: 'es2018', define: { 'import.meta.url': '""' } });
await build({ ...common, entryPoints: ['check.ts', 'late.ts', 'sw.ts'], target: 'es2020' });
mkdirSync(target, { recursive: true });
copyFileSync(join(here, 'node_modules/zxing-wasm/dist/reader/zxing_reader.wasm'), join(target, 'zxing_reader.wasm'));
