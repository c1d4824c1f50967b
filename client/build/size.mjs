import {brotliCompressSync} from "node:zlib";

import {makeBundles} from "./bundles.mjs";

const MOST = {"bgsync.min.js": 16_000, "bgsync-worker.min.js": 10_100};

for (const [name, text] of await makeBundles()) {
    if (!name.endsWith(".min.js")) continue;
    const bytes = brotliCompressSync(text).length;
    console.log(`${name}: ${bytes} bytes (brotli), ${MOST[name]} allowed`);
    if (bytes > MOST[name]) process.exitCode = 1;
}
