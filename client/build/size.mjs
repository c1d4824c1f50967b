import {brotliCompressSync} from "node:zlib";

import {makeBundles, shortHash} from "./bundles.mjs";

/** Bytes, minified and compressed with brotli. A core is what every visitor loads before anything can be enqueued or sent. */
const MOST = {
    "bgsync.min.js": 7_990,
    "bgsync-engine.min.js": 11_850,
    "bgsync-worker.min.js": 9_200,
    "bgsync-worker-completion.min.js": 1_840,
    "bgsync-worker-offline.min.js": 1_350,
    "bgsync-worker-capture.min.js": 6_140,
    "bgsync-requests.min.js": 4_060,
    "bgsync-pages.min.js": 1_050,
    "bgsync-feeds.min.js": 5_400,
    "bgsync-inspector.min.js": 3_700,
    "bgsync-worker-feeds.min.js": 4_300,
};

/** The hash of no source: each hash compresses by up to 30 bytes differently, and a bundle is no larger for its luck. */
const ANY_HASH = "e3b0c44298fc";

const hash = shortHash();
for (const [name, text] of await makeBundles()) {
    if (!name.endsWith(".min.js")) continue;
    const bytes = brotliCompressSync(text.replaceAll(hash, ANY_HASH)).length;
    console.log(`${name}: ${bytes} bytes (brotli), ${MOST[name] ?? "none"} allowed`);
    if (!(bytes <= MOST[name])) process.exitCode = 1;
}
